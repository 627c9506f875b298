from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.api.base.checks import MetaCheck

from studio.core.errors import BadInput, Problems
from studio.data import contract_file
from studio.data.contract_file import ColumnRule, contract_digest, read_contract_file


def wrong(workspace, contract, text):
    contract("c", text)
    with pytest.raises(Problems) as caught:
        read_contract_file(workspace, "c")
    return [(problem.line, str(problem)) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("{dtype: intt64}", "Did you mean 'int64'?"),
        ("{dtype: 'datetime64[us, Mars/Base]'}", "no time zone"),
        ("{dtyp: int64}", "Did you mean 'dtype'?"),
        ("{dtype: int64, gee: 3}", "There is no key 'gee'"),
        ("{dtype: int64, ge: x}", "is not a number"),
        ("{dtype: int64, ge: true}", "is not a number"),
        ("{dtype: int64, ge: [1]}", "One finite number, text, date"),
        ("{dtype: float64, ge: " + "9" * 400 + "}", "400 digits, which no column can hold"),
        ("{dtype: float64, ge: .inf}", "One finite number, text, date"),
        ("{dtype: float64, isin: [1, .nan]}", "One finite number, text, date"),
        ("{dtype: int64, ge: {value: 1, eror: x}}", "Did you mean 'error'?"),
        ("{dtype: int64, ge: {value: 1, raise_warning: true}}", "no key 'raise_warning'"),
        ("{dtype: str, isin: a}", "A list of values"),
        ("{dtype: str, isin: []}", "At least 1 entry"),
        ("{dtype: str, isin: [a, 1]}", "is not a text"),
        ("{dtype: bool, eq: 1}", "neither true nor false"),
        ("{dtype: int64, str_matches: a}", "for text"),
        ("{dtype: str, str_matches: '('}", "regular expression"),
        ("{dtype: str, str_matches: 7}", "is not a text"),
        (
            "{dtype: 'datetime64[us]', in_range: {min_value: 2021-01-01, max_value: 2020-01-01}}",
            "No value lies between",
        ),
        ("{dtype: str, str_length: {}}", "give min_value"),
        ("{dtype: int64, in_range: {min_value: 3, max_value: 2}}", "No value lies between"),
        ("{dtype: 'datetime64[us]', ge: yesterday}", "ISO 8601"),
        ("{dtype: 'timedelta64[us]', ge: 3}", "not offered"),
        ("{dtype: int64, default: 3}", "no key 'default'"),
        ("7", "A mapping"),
    ],
)
def test_each_mistake_is_one_problem_with_its_line(workspace, contract, column, said):
    found = wrong(workspace, contract, f"columns:\n  fine: {{dtype: str}}\n  a: {column}\n")
    assert len(found) == 1, found
    assert found[0][0] == 3
    assert found[0][1].startswith("pipelines/contracts/c.yml:3: columns.a")
    assert said.lower() in found[0][1].lower()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("version: 2\ncolumns: {a: {}}\n", 1, "1"),
        ("description: x\n", 1, "'columns' is missing"),
        ("columns: {}\n", 1, "At least 1 entry"),
        ("columns: [a]\n", 1, "A mapping"),
        ("columns:\n  a: {}\nunique: [b]\n", 3, "no column 'b'"),
        ("columns:\n  a: {}\nstrict: filter\n", 3, "true or false"),
        ("columns:\n  a: {}\ndrop_invalid_rows: true\n", 3, "no key 'drop_invalid_rows'"),
        ("columns:\n  '(': {regex: true}\n", 2, "regular expression"),
        ("columns:\n\ta: {}\n", 2, "tab"),
        ("columns:\n  a: {}\n  a: {}\n", 3, "twice"),
    ],
)
def test_mistakes_in_the_rest_of_the_file(workspace, contract, text, line, said):
    found = wrong(workspace, contract, text)
    assert found[0][0] == line
    assert said in found[0][1]


def test_a_name_that_is_not_there_comes_with_the_nearest(workspace, contract):
    contract("customers", "columns: {a: {}}\n")
    with pytest.raises(BadInput, match="Did you mean 'customers'"):
        read_contract_file(workspace, "costumers")
    with pytest.raises(BadInput, match="no name for a contract"):
        read_contract_file(workspace, "../../studio")


def test_without_a_type_any_bound_goes(workspace, contract):
    contract("c", "columns:\n  a: {ge: 3}\n  b:\n  c: {isin: [1, x]}\n")
    assert read_contract_file(workspace, "c").columns["a"].ge == 3


def test_the_digest_is_of_what_is_demanded(workspace, contract):
    contract("c", "columns:\n  a: {dtype: int64, ge: 0}\n  b: {dtype: str}\n")
    digest = contract_digest(workspace, "c")
    same = (
        "# why\nversion: 1\ndescription: prose\nstrict: false\ncolumns:\n  b:\n    dtype: str\n    description: more\n"
        "  a:\n    greater_than_or_equal_to: 0\n    dtype: int64\n    nullable: false\n"
    )
    contract("c", same)
    assert contract_digest(workspace, "c") == digest
    for other in (
        same.replace("to: 0", "to: 1"),
        same.replace("dtype: str", "dtype: string"),
        same.replace("strict: false", "strict: true"),
        same.replace("strict: false", "ordered: true"),
        same.replace("nullable: false", "nullable: true"),
        same + "may_be_empty: true\n",
        same + "options: {separator: ';'}\n",
    ):
        contract("c", other)
        assert contract_digest(workspace, "c") != digest


def test_the_digest_of_an_ordered_contract_holds_the_order(workspace, contract):
    contract("c", "ordered: true\ncolumns: {a: {}, b: {}}\n")
    digest = contract_digest(workspace, "c")
    contract("c", "ordered: true\ncolumns: {b: {}, a: {}}\n")
    assert contract_digest(workspace, "c") != digest


def test_the_checks_are_those_that_pandera_has(workspace):
    ours = {contract_file.SHORT.get(name, name) for name in contract_file._CHECKS}
    assert ours <= set(MetaCheck.CHECK_FUNCTION_REGISTRY)
    assert set(contract_file._NOT_CHECKS) < set(ColumnRule.model_fields)


def test_what_pandera_writes_can_be_read(workspace, contract):
    schema = pa.DataFrameSchema(
        {
            "a": pa.Column(str, [pa.Check.isin(["x", "y"]), pa.Check.str_length(1, 3)], unique=True, description="d"),
            "b": pa.Column("float64", [pa.Check.in_range(0, 5), pa.Check.ne(3)], nullable=True),
            "c": pa.Column("Int64", pa.Check.ge(0, error="no debts"), required=False),
            "d": pa.Column("datetime64[ns]", pa.Check.ge(pd.Timestamp("2020-01-01"))),
            "e": pa.Column("string", pa.Check.str_matches("^a")),
        },
        strict=True,
        unique=["a", "c"],
        title="t",
    )
    contract("c", schema.to_yaml())
    read = read_contract_file(workspace, "c")
    assert list(read.columns) == ["a", "b", "c", "d", "e"]
    assert read.columns["b"].in_range is not None
    assert read.strict
