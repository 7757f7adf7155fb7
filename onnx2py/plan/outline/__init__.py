"""What repeats in a program, as blocks: classes, instances of them and loops.

==========  ==============================================================================
windows     runs of statements that are alike -> a block, its instances, its applications
loops       calls of a block that follow each other -> a loop over instances
==========  ==============================================================================
"""
