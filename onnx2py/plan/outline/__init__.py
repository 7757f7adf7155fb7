"""What repeats in a program, as blocks: classes, instances of them and loops.

==========  ==============================================================================
scopes      which module of the network each statement is of
tokens      what of a statement has to be equal for two to be alike
pool        sequences of statements and of calls of blocks, in which the search looks
repeats     runs that occur several times in a sequence of numbers
gain        what a block spares its reader
search      whole modules, then whatever repeats -> windows
variants    blocks that differ by a call -> one
tree        where a target with modules has what statements read
placed      windows that are modules of that tree
growth      what such windows take of what is in no module
windows     runs of statements that the search has chosen
columns     what differs between windows of one block -> inputs, weights, settings
frees       what a block may free and write over
assembly    windows -> blocks, their instances and applications
loops       calls of a block that follow each other -> a loop over instances
classes     what blocks are called
attributes  what instances are called
names       words of a model as names
==========  ==============================================================================
"""
