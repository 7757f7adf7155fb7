"""Rules of ai.onnx.ml, but for trees, compared with onnxruntime."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from onnx2py import UnsupportedError
from onnx2py.ir.types import MapType, TensorType
from onnx2py.lowering.evaluate import evaluate_node
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
    make_node,
    onnxruntime_outputs,
)

ML = "ai.onnx.ml"
NAN = float("nan")
TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"]
DTYPES = [np.float32, np.float64, np.int32, np.int64]


def check(operator, arrays, *, opset=1, **options):
    check_against_onnxruntime(operator, arrays, opset=opset, domain=ML, **options)


def call(operator, *names, opset=1, outputs=("y",), **options):
    return lowered(operator, names, outputs, opset=opset, domain=ML, **options)


def strings(*items):
    return np.array(items, object)


def floats(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def listed(array):
    return np.asarray(array, np.float32).ravel().tolist()


def typed(dtype):
    return {"x": TensorType(dtype, (None, 2))}


# ------------------------------------------------------------------------ one line each


@pytest.mark.parametrize(
    "expected, found",
    [
        (
            "ops.linear_regressor(x, coefficients=y.coefficients)",
            call("LinearRegressor", "x", coefficients=[1.0, 2.0]),
        ),
        (
            "ops.linear_classifier(x, coefficients=y.coefficients, "
            "intercepts=y.intercepts, labels=(5, 6), post_transform='SOFTMAX')",
            call(
                "LinearClassifier",
                "x",
                outputs=("y", "z"),
                coefficients=[1.0, 2.0],
                intercepts=[0.0, 1.0],
                classlabels_ints=[5, 6],
                multi_class=1,
                post_transform="SOFTMAX",
            ),
        ),
        (
            "ops.scaler(x, offset=1.5, scale=2.0)",
            call("Scaler", "x", offset=[1.5], scale=[2.0]),
        ),
        (
            "ops.scaler(x, offset=y.offset, scale=y.scale)",
            call("Scaler", "x", offset=[1.5, 2.5], scale=[2.0, 3.0]),
        ),
        ("ops.normalizer(x, norm='L2')", call("Normalizer", "x", norm="L2")),
        (
            "ops.imputer(x, imputed_value=7.0, replaced_value=np.nan)",
            call("Imputer", "x", imputed_value_floats=[7.0], replaced_value_float=NAN),
        ),
        ("ops.binarizer(x, threshold=0.1)", call("Binarizer", "x", threshold=0.1)),
        (
            "ops.array_feature_extractor(x, (1, 0))",
            call("ArrayFeatureExtractor", "x", "i", constants={"i": np.array([1, 0])}),
        ),
        (
            "ops.feature_vectorizer(x, z, inputdimensions=(2, 3))",
            call("FeatureVectorizer", "x", "z", inputdimensions=[2, 3]),
        ),
        (
            "ops.label_encoder(x, keys=('a', 'b'), values=(1, 0), default=-1, "
            "dtype=np.int64)",
            call(
                "LabelEncoder", "x", types=typed("string"), classes_strings=["b", "a"]
            ),
        ),
        (
            "ops.label_encoder(x, keys=(0, 1), values=('b', 'a'), default='_Unused', "
            "dtype=np.object_)",
            call("LabelEncoder", "x", types=typed("int64"), classes_strings=["b", "a"]),
        ),
        (
            "ops.one_hot_encoder(x, keys=(1, 3), places=(1, 0), depth=2)",
            call("OneHotEncoder", "x", cats_int64s=[3, 1]),
        ),
        (
            "ops.zip_map(x, labels=('b', 'a'))",
            call("ZipMap", "x", classlabels_strings=["b", "a"]),
        ),
        (
            "ops.cast_map(x, dtype=np.int64, max_map=4)",
            call("CastMap", "x", cast_to="TO_INT64", map_form="SPARSE", max_map=4),
        ),
    ],
)
def test_each_operator_is_one_call(expected, found):
    assert found == expected


def test_long_lists_are_weights():
    labels = [f"label {i}" for i in range(100)]
    assert call("ZipMap", "x", classlabels_strings=labels) == (
        "ops.zip_map(x, labels=y.labels)"
    )


# ------------------------------------------------------------------------ linear models


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("intercepts", [0, 3])
def test_linear_regressors_agree(transform, targets, intercepts):
    check(
        "LinearRegressor",
        [floats(0, 5, 4)],
        coefficients=listed(floats(1, targets, 4) / 9),
        targets=targets,
        post_transform=transform,
        # PROBIT cancels near a half; onnxruntime computes it in float32.
        atol=2e-3 if transform == "PROBIT" else 1e-6,
        **({"intercepts": listed(floats(2, intercepts) + 0.5)} if intercepts else {}),
    )


@pytest.mark.parametrize(
    "transform, scores, labels",
    [
        (transform, scores, max(2, scores))
        for transform in TRANSFORMS
        for scores in (1, 2, 4)
        if (transform, scores) != ("PROBIT", 1)  # test_what_is_not_covered_is_reported
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_classifiers_agree(transform, scores, labels, dtype):
    check(
        "LinearClassifier",
        [(floats(0, 6, 3) * 4).astype(dtype)],
        outputs=2,
        coefficients=listed(floats(1, scores, 3)),
        intercepts=listed(floats(2, scores)),
        classlabels_strings=[f"label {i}" for i in range(labels)],
        post_transform=transform,
        atol=2e-3 if transform == "PROBIT" else 1e-6,
    )


def test_of_few_features_the_first_coefficients_count():
    """onnxruntime's own logreg_iris.onnx has twice as many coefficients as it reads."""
    for operator, outputs in (("LinearClassifier", 2), ("LinearRegressor", 1)):
        more = {"targets": 3} if outputs == 1 else {"classlabels_ints": [0, 1, 2]}
        more |= {
            "coefficients": listed(floats(1, 12)),
            "intercepts": listed(floats(2, 3)),
        }
        check(operator, [floats(0, 3, 2)], outputs=outputs, **more)


def test_a_vector_is_one_row():
    for operator, outputs in (("LinearClassifier", 2), ("LinearRegressor", 1)):
        more = {"targets": 2} if outputs == 1 else {"classlabels_ints": [7, 8]}
        coefficients, intercepts = listed(floats(1, 2, 3)), [0.5, 0.25]
        check(
            operator,
            [floats(0, 3)],
            outputs=outputs,
            coefficients=coefficients,
            intercepts=intercepts,
            **more,
        )


@pytest.mark.parametrize(
    "operator, attributes",
    [
        ("LinearRegressor", {"coefficients": [1.0, 2.0, 3.0], "targets": 2}),
        ("LinearRegressor", {"targets": 1}),
        ("LinearRegressor", {"coefficients": [1.0], "post_transform": "softmax"}),
        (
            "LinearClassifier",
            {
                "coefficients": [1.0],
                "intercepts": [1.0],
                "classlabels_ints": [3, 4],
                "post_transform": "PROBIT",
            },
        ),
        (
            "LinearClassifier",
            {"coefficients": [1.0], "intercepts": [1.0], "classlabels_ints": [3]},
        ),
        (
            "LinearClassifier",
            {
                "coefficients": [1.0, 2.0, 3.0],
                "intercepts": [1.0, 2.0, 3.0],
                "classlabels_ints": [3, 4],
            },
        ),
        ("SVMClassifier", {"coefficients": [1.0], "classlabels_ints": [3, 4]}),
        ("SVMRegressor", {"coefficients": [1.0], "kernel_params": [1.0]}),
        ("SVMRegressor", {"coefficients": [1.0], "kernel_type": "COSINE"}),
        ("Imputer", {}),
        ("Imputer", {"imputed_value_floats": [1.0], "imputed_value_int64s": [1]}),
        ("OneHotEncoder", {}),
        ("ZipMap", {}),
        ("FeatureVectorizer", {}),
        ("FeatureVectorizer", {"inputdimensions": [1, 2]}),
        ("LabelEncoder", {"classes_strings": ["a"]}),
        ("DictVectorizer", {"string_vocabulary": ["a"]}),
        ("CastMap", {"cast_to": "TO_BOOL"}),
    ],
)
def test_what_is_not_covered_is_reported(operator, attributes):
    with pytest.raises(UnsupportedError):
        call(operator, "x", outputs=("y", "z"), **attributes)


# ------------------------------------------------------------------------ SVM


def svm(seed, kernel_type):
    r = np.random.default_rng(seed)
    params = [abs(r.normal()) * 0.3 + 0.05, r.normal(), float(r.integers(1, 4))]
    return {"kernel_type": kernel_type, "kernel_params": listed(params)}


KERNELS = ["LINEAR", "POLY", "RBF", "SIGMOID"]


@pytest.mark.parametrize("kernel_type", KERNELS)
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("probabilities", [False, True])
def test_svm_classifiers_agree(kernel_type, transform, classes, probabilities):
    counts = [1 + i % 3 for i in range(classes)]
    duels = classes * (classes - 1) // 2
    chances = {"prob_a": listed(floats(5, duels)), "prob_b": listed(floats(6, duels))}
    check(
        "SVMClassifier",
        [floats(0, 9, 3)],
        outputs=2,
        support_vectors=listed(floats(1, sum(counts), 3)),
        vectors_per_class=counts,
        coefficients=listed(floats(2, classes - 1, sum(counts))),
        rho=listed(floats(3, duels)),
        classlabels_ints=[10 + i for i in range(classes)],
        post_transform=transform,
        rtol=1e-4,  # onnxruntime computes the kernels in float32
        **svm(4, kernel_type),
        **(chances if probabilities else {}),
    )


@pytest.mark.parametrize("sign", [1, 0])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_svm_classifiers_agree(sign, classes, transform, dtype):
    coefficients = floats(2, classes, 3)
    check(
        "SVMClassifier",
        [(floats(0, 9, 3) * 3).astype(dtype)],
        outputs=2,
        coefficients=listed(np.abs(coefficients) if sign else coefficients),
        rho=[0.25],
        classlabels_strings=[f"class {i}" for i in range(classes)],
        post_transform=transform,
        **svm(4, "RBF"),
    )


@pytest.mark.parametrize("kernel_type", KERNELS)
@pytest.mark.parametrize("supports", [0, 4])
@pytest.mark.parametrize("one_class", [0, 1])
def test_svm_regressors_agree(kernel_type, supports, one_class):
    vectors = {"support_vectors": listed(floats(1, supports, 3))} if supports else {}
    check(
        "SVMRegressor",
        [floats(0, 9, 3)],
        coefficients=listed(floats(2, supports or 3)),
        rho=[0.25],
        n_supports=supports,
        one_class=one_class,
        post_transform="LOGISTIC",  # onnxruntime ignores it
        rtol=1e-4,
        **vectors,
        **svm(4, kernel_type),
    )


# ------------------------------------------------------------------------ features


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
@pytest.mark.parametrize(
    "x",
    [
        np.array([[1, -2], [0, 0], [-3, -1]], np.float32),
        np.array([3, -4]),
        np.array([3, -4], np.int32),
        np.array([[3.0, 4.0]]),
        np.zeros((0, 2), np.float32),
        np.zeros((2, 0), np.float32),
    ],
)
def test_normalizers_agree(norm, x):
    check("Normalizer", [x], norm=norm)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset, scale", [([1.5], [0.3]), ([0.5, 2.5], [0.1, 3.0])])
def test_scalers_agree(dtype, offset, scale):
    x = np.array([[1, 2], [30, -7]], dtype)
    check("Scaler", [x], offset=offset, scale=scale)
    check("Scaler", [x[0]], offset=offset, scale=scale)


@pytest.mark.parametrize("replaced", [NAN, 2.0, 0.1])
@pytest.mark.parametrize("imputed", [[7.0], [7.0, 8.0], [7.0, 8.0, 9.0]])
def test_imputers_agree(replaced, imputed):
    x = np.array([[NAN, 2.0], [0.1, NAN]], np.float32)
    check("Imputer", [x], imputed_value_floats=imputed, replaced_value_float=replaced)


def test_integer_imputers_agree():
    x = np.array([[0, 1, 0], [4, 0, 0]])
    for imputed in ([7], [7, 8, 9]):
        check("Imputer", [x], imputed_value_int64s=imputed, replaced_value_int64=0)


def test_binarizers_agree():
    for shape in ((), (3,), (2, 3), (0, 2)):
        check("Binarizer", [floats(0, *shape)], threshold=0.25)


def test_binarizers_keep_the_dtype():
    """onnxruntime has float32 only."""
    for dtype in (np.float64, np.int32, np.int64):
        x = np.array([0, 1, 2], dtype)
        (y,) = compute("Binarizer", [x], opset=1, domain=ML, threshold=1.0)
        assert_same(y, np.array([0, 0, 1], dtype))


@pytest.mark.parametrize(
    "x",
    [
        floats(0, 4),
        floats(0, 2, 4),
        np.arange(24).reshape(2, 3, 4),
        strings("a", "b", "c", "d"),
        np.zeros((0, 4), np.float64),
    ],
)
@pytest.mark.parametrize("y", [np.array([3, 1, 3]), np.array([[2], [0]]), np.array(1)])
def test_array_feature_extractors_agree(x, y):
    check("ArrayFeatureExtractor", [x, y])


@pytest.mark.parametrize("dtype", DTYPES)
def test_feature_vectorizers_agree(dtype):
    x, y = np.arange(6).reshape(2, 3).astype(dtype), np.ones((2, 2), dtype)
    check("FeatureVectorizer", [x, y], inputdimensions=[3, 2])
    check("FeatureVectorizer", [x, y], inputdimensions=[1, 4])
    check("FeatureVectorizer", [x[0], y[0]], inputdimensions=[3, 2])
    check("FeatureVectorizer", [x.reshape(1, 2, 3)], inputdimensions=[6])


# ------------------------------------------------------------------------ encoders


MANY = [f"key {i}" for i in range(100)]


@pytest.mark.parametrize(
    "opset, x, attributes",
    [
        (1, strings("a", "b", "c"), {"classes_strings": ["a", "b", "a"]}),
        (
            1,
            np.array([[0, 2], [5, -1]]),
            {"classes_strings": ["a", "b", "c"], "default_string": "none"},
        ),
        (
            2,
            strings("a", "b", "c"),
            {"keys_strings": ["a", "b", "a"], "values_int64s": [1, 2, 3]},
        ),
        (
            2,
            np.array([NAN, 1.0, 0.0, -0.0], np.float32),
            {"keys_floats": [NAN, 1.0, -0.0], "values_int64s": [1, 2, 3]},
        ),
        (
            2,
            np.array([0.1, 0.2], np.float32),
            {"keys_floats": [0.1], "values_floats": [0.3], "default_float": 0.7},
        ),
        (2, np.array(4), {"keys_int64s": [5, 4], "values_strings": ["v", "w"]}),
        (2, np.zeros((0, 2), object), {"keys_strings": ["v"], "values_floats": [0.1]}),
        (2, np.array([4, 1]), {"keys_int64s": [5, 1], "values_int64s": [1, 2]}),
        (
            2,
            strings("w", "ü", "x" * 50),
            {"keys_strings": ["v", "w", "ü"], "values_strings": ["1", "2", "3"]},
        ),
        (
            2,
            strings(*MANY[::3], "other"),
            {"keys_strings": MANY, "values_strings": MANY[::-1]},
        ),
        (
            4,
            strings("a", "b", "c"),
            {"keys_strings": ["a", "b", "a"], "values_int64s": [1, 2, 3]},
        ),
        (
            4,
            np.array([NAN, 1.0, 0.0, -0.0], np.float32),
            {"keys_floats": [NAN, 1.0, -0.0], "values_strings": ["n", "o", "z"]},
        ),
        (
            4,
            np.array([NAN, 1.0, 7.0]),
            {
                "keys_tensor": np.array([NAN, 1.0]),
                "values_tensor": np.array([1.0, 2.0]),
            },
        ),
        (
            4,
            strings("a", "x"),
            {
                "keys_tensor": strings("a"),
                "values_tensor": np.array([7], np.int16),
                "default_tensor": np.array([5], np.int16),
            },
        ),
        (
            4,
            strings("a", "x"),
            {
                "keys_tensor": strings("a"),
                "values_tensor": strings("b"),
                "default_tensor": strings("none"),
            },
        ),
    ],
)
def test_label_encoders_agree(opset, x, attributes):
    check("LabelEncoder", [x], opset=opset, **attributes)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float64])
def test_label_encoders_of_rarer_types(dtype):
    """onnxruntime lacks most of them."""
    (y,) = compute(
        "LabelEncoder",
        [np.array([[3, 4]], dtype)],
        opset=4,
        domain=ML,
        keys_tensor=np.array([3], dtype),
        values_tensor=np.array([9], dtype),
    )
    assert_same(y, np.array([[9, 0 if dtype == np.float64 else -1]], dtype))


@pytest.mark.parametrize(
    "x",
    [strings("a", "b", "c"), np.array([[1, 2], [3, 9]])],
)
def test_category_mappers_agree(x):
    """Of equal keys the last one counts."""
    attributes = {"cats_strings": ["a", "b", "a"], "cats_int64s": [1, 2, 1]}
    check("CategoryMapper", [x], default_int64=-7, default_string="?", **attributes)


@pytest.mark.parametrize(
    "x, categories",
    [
        (np.array([1.9, 2, -1.5, 7], np.float32), {"cats_int64s": [1, 2, -1, 1]}),
        (np.array([[1.9, 2]]), {"cats_int64s": [1, 2]}),
        (np.array(3), {"cats_int64s": [3, 4]}),
        (np.zeros((0, 3), np.int64), {"cats_int64s": [3, 4]}),
        (strings("a", "q"), {"cats_strings": ["b", "a"]}),
    ],
)
def test_one_hot_encoders_agree(x, categories):
    check("OneHotEncoder", [x], **categories)


def test_one_hot_encoders_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="unknown category 'q'"):
        compute(
            "OneHotEncoder",
            [strings("a", "q")],
            opset=1,
            domain=ML,
            zeros=0,
            cats_strings=["a"],
        )


# ------------------------------------------------------------------------ maps


@pytest.mark.parametrize("x", [floats(0, 3, 2), floats(0, 2), floats(0, 0, 2)])
@pytest.mark.parametrize(
    "labels", [{"classlabels_int64s": [9, 4]}, {"classlabels_strings": ["b", "a"]}]
)
def test_zip_maps_agree(x, labels):
    check("ZipMap", [x], **labels)
    found = compute("ZipMap", [x], opset=1, domain=ML, **labels)[0]
    expected = onnxruntime_outputs("ZipMap", [x], opset=1, domain=ML, **labels)[0]
    for ours, theirs in zip(found, expected):
        assert {type(k) for k in ours} == {type(k) for k in theirs}
        assert {type(v) for v in ours.values()} == {type(v) for v in theirs.values()}


NAMES = {TensorProto.FLOAT: "float32", TensorProto.INT64: "int64"} | {
    TensorProto.STRING: "string",
    TensorProto.DOUBLE: "float64",
}


def of_map(operator, key, value, x, **attributes):
    """Compute an operator that takes a dictionary."""
    node = make_node(operator, ["x"], opset=1, domain=ML, **attributes)
    kind = MapType(NAMES[key], TensorType(NAMES[value], ()))
    return evaluate_node(node, {"x": x}, {"x": kind})["y"]


def onnxruntime_of_map(operator, key, value, x, **attributes):
    kind = helper.make_map_type_proto(key, helper.make_tensor_type_proto(value, None))
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], domain=ML, **attributes)],
        "graph",
        [helper.make_value_info("x", kind)],
        [onnx.ValueInfoProto(name="y")],
    )
    opsets = [helper.make_opsetid(ML, 1), helper.make_opsetid("", 21)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize(
    "operator, key, x, attributes",
    [
        (
            "DictVectorizer",
            TensorProto.STRING,
            {"a": 1.5, "b": 2.0},
            {"string_vocabulary": ["b", "z", "a", "b"]},
        ),
        (
            "DictVectorizer",
            TensorProto.INT64,
            {4: 1.5, 7: 2.0},
            {"int64_vocabulary": [9, 4]},
        ),
        ("CastMap", TensorProto.INT64, {4: 1.5, 2: 2.75}, {}),
        ("CastMap", TensorProto.INT64, {4: 1.5, 2: -2.7}, {"cast_to": "TO_INT64"}),
        (
            "CastMap",
            TensorProto.INT64,
            {4: 0.1, 2: -2.7e10},
            {"cast_to": "TO_STRING"},
        ),
        (
            "CastMap",
            TensorProto.INT64,
            {4: 1.5, 2: 2.7},
            {"map_form": "SPARSE", "max_map": 4},
        ),
        (
            "CastMap",
            TensorProto.INT64,
            {2: 2.7},
            {"map_form": "SPARSE", "max_map": 4, "cast_to": "TO_STRING"},
        ),
    ],
)
def test_operators_of_maps_agree(operator, key, x, attributes):
    arguments = (operator, key, TensorProto.FLOAT, x)
    expected = onnxruntime_of_map(*arguments, **attributes)
    assert_same(of_map(*arguments, **attributes), expected)


@pytest.mark.parametrize("value", ["1", None])
def test_text_and_none_among_numbers_are_refused_as_onnxruntime_refuses_them(value):
    x, attributes = {"a": 1.5, "b": value}, {"string_vocabulary": ["a", "b"]}
    arguments = ("DictVectorizer", TensorProto.STRING, TensorProto.FLOAT, x)
    with pytest.raises(RuntimeError, match="Unexpected value type"):
        onnxruntime_of_map(*arguments, **attributes)
    with pytest.raises(ValueError, match=f"expected numbers, got {value!r}"):
        of_map(*arguments, **attributes)


@pytest.mark.parametrize(
    "operator, value, x, attributes, expected",
    [
        (
            "DictVectorizer",
            TensorProto.STRING,
            {4: "x"},
            {"int64_vocabulary": [5, 4]},
            strings("", "x"),
        ),
        (
            "DictVectorizer",
            TensorProto.DOUBLE,
            {4: 0.1},
            {"int64_vocabulary": [5, 4]},
            np.array([0, 0.1]),
        ),
        ("CastMap", TensorProto.STRING, {4: "1e2"}, {}, np.array([100], np.float32)),
        (
            "CastMap",
            TensorProto.STRING,
            {4: "15", 2: "-2"},
            {"cast_to": "TO_INT64"},
            np.array([-2, 15]),
        ),
        (
            "CastMap",
            TensorProto.STRING,
            {2: "r"},
            {"cast_to": "TO_STRING", "map_form": "SPARSE", "max_map": 3},
            strings("0.f", "0.f", "r"),
        ),
    ],
)
def test_operators_of_rarer_maps(operator, value, x, attributes, expected):
    """onnxruntime takes these types from C++ only."""
    found = of_map(operator, TensorProto.INT64, value, x, **attributes)
    assert_same(found, expected[None])


def test_negative_keys_have_no_place():
    with pytest.raises(ValueError, match="expected keys from 0, got -1"):
        of_map(
            "CastMap",
            TensorProto.INT64,
            TensorProto.FLOAT,
            {-1: 1.0},
            map_form="SPARSE",
            max_map=2,
        )
