"""The simulated telecom: its schema, its calendar, its late labels, and that it looks like the table it stands for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studio.core.workspace import Workspace
from studio.data.contracts import read_contract

ROOT = Path(__file__).parents[3]
REAL = ROOT.parent / "shared" / "data" / "telco-churn.csv"

TELCO = [
    "customerID",
    "gender",
    "SeniorCitizen",
    "Partner",
    "Dependents",
    "tenure",
    "PhoneService",
    "MultipleLines",
    "InternetService",
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
    "Contract",
    "PaperlessBilling",
    "PaymentMethod",
    "MonthlyCharges",
    "TotalCharges",
    "Churn",
]


def leaving(film: Any) -> pd.Series:
    """The share of leavers at each snapshot."""
    return (film.labels["Churn"] == "Yes").groupby(film.labels["snapshot_date"]).mean()


def test_the_table_has_the_columns_of_the_telco_table_and_a_date(film: Any) -> None:
    assert list(film.table()) == [*TELCO, "snapshot_date"]


def test_the_table_keeps_the_contract_of_raw_customers(film: Any) -> None:
    assert read_contract(Workspace(ROOT), "telco_customers").check(film.table()) == ()


def test_the_real_table_keeps_the_contract_too() -> None:
    if not REAL.is_file():
        pytest.skip(f"the real table is not at {REAL}")
    table = pd.read_csv(REAL, dtype={"TotalCharges": "str"})
    assert read_contract(Workspace(ROOT), "telco_customers").check(table) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Contract", "Three year"),
        ("MonthlyCharges", -5.0),
        ("tenure", -1),
        ("TotalCharges", "n/a"),
        ("customerID", "0042-abcde"),
        ("SeniorCitizen", 2),
    ],
)
def test_the_contract_refuses_what_cannot_be(film: Any, column: str, value: object) -> None:
    table = film.table().head(20)
    table[column] = table[column].where(table.index != table.index[3], value)
    cases = read_contract(Workspace(ROOT), "telco_customers").check(table)
    assert [(case.column, case.row) for case in cases] == [(column, 4)]


@pytest.mark.heavy
def test_the_same_seed_makes_the_same_customers(simulator: ModuleType) -> None:
    first, second = simulator.simulate(600, 9, seed=3), simulator.simulate(600, 9, seed=3)
    pd.testing.assert_frame_equal(first.panel, second.panel)
    pd.testing.assert_frame_equal(first.labels, second.labels)
    pd.testing.assert_frame_equal(first.table(), second.table())


def test_another_seed_makes_others(simulator: ModuleType) -> None:
    first, second = simulator.simulate(600, 9, seed=3), simulator.simulate(600, 9, seed=4)
    assert not first.table().equals(second.table())


@pytest.mark.heavy
def test_watching_longer_does_not_change_what_was_seen(simulator: ModuleType) -> None:
    short, long = simulator.simulate(600, 9), simulator.simulate(600, 14)
    same = long.panel[long.panel["snapshot_date"] <= short.today]
    pd.testing.assert_frame_equal(short.panel, same)


def test_nobody_has_the_name_of_another(film: Any) -> None:
    names = film.panel.groupby("customer")["customerID"].nunique()
    assert (names == 1).all()
    assert film.panel.drop_duplicates("customerID").shape[0] == len(names)


def test_shares_look_like_the_real_table(film: Any) -> None:
    table = film.table()
    share = {column: table[column].value_counts(normalize=True) for column in table if table[column].nunique() < 10}
    # The real table's: measured once, to two digits.
    real = {
        ("Churn", "Yes"): 0.27,
        ("SeniorCitizen", 1): 0.16,
        ("Partner", "Yes"): 0.48,
        ("Dependents", "Yes"): 0.30,
        ("PhoneService", "Yes"): 0.90,
        ("MultipleLines", "Yes"): 0.42,
        ("InternetService", "Fiber optic"): 0.44,
        ("InternetService", "DSL"): 0.34,
        ("OnlineSecurity", "Yes"): 0.29,
        ("StreamingTV", "Yes"): 0.38,
        ("Contract", "Month-to-month"): 0.55,
        ("Contract", "Two year"): 0.24,
        ("PaperlessBilling", "Yes"): 0.59,
        ("PaymentMethod", "Electronic check"): 0.34,
    }
    differences = {key: abs(share[key[0]][key[1]] - wanted) for key, wanted in real.items()}
    assert max(differences.values()) < 0.05, differences


def test_amounts_look_like_the_real_table(film: Any) -> None:
    table = film.table()
    assert abs(table["tenure"].mean() - 32.4) < 5
    assert abs(table["MonthlyCharges"].mean() - 64.8) < 3
    assert table["MonthlyCharges"].between(15, 125).all()
    assert table["tenure"].between(0, 72).all()


def test_contracts_hold_customers_as_in_the_real_table(film: Any) -> None:
    table = film.table()
    left = (table["Churn"] == "Yes").groupby(table["Contract"]).mean()
    for contract, real in {"Month-to-month": 0.43, "One year": 0.11, "Two year": 0.03}.items():
        assert abs(left[contract] - real) < 0.05


def test_a_blank_total_stands_for_never_billed(film: Any) -> None:
    table = film.table()
    never = table["tenure"] == 0
    assert never.any()
    assert (table.loc[never, "TotalCharges"] == " ").all()
    assert (pd.to_numeric(table.loc[~never, "TotalCharges"]) > 0).all()


def test_no_internet_means_no_service_on_it(film: Any) -> None:
    without = film.panel[film.panel["InternetService"] == "No"]
    assert (without[["OnlineSecurity", "StreamingTV"]] == "No internet service").all(axis=None)


def test_customers_grow_older_by_a_month_a_month(film: Any) -> None:
    tenure = film.panel["tenure"].unstack("snapshot")
    steps = tenure.diff(axis=1).stack().dropna()
    assert set(steps.unique()) <= {0.0, 1.0}
    assert (tenure.stack()[steps[steps == 0].index] == 72).all()


def test_leaving_follows_the_season(film: Any) -> None:
    by_calendar = leaving(film).groupby(lambda day: day.month).mean()
    assert by_calendar[[9, 10, 11]].mean() > by_calendar[[3, 4, 5]].mean() + 0.03


def test_joining_follows_the_season(film: Any) -> None:
    new = (film.panel["tenure"] <= 1).groupby(film.panel["snapshot_date"]).mean().groupby(lambda day: day.month).mean()
    assert new[[10, 11, 12]].mean() > 1.2 * new[[4, 5, 6]].mean()


def test_labels_come_later_than_features(simulator: ModuleType, film: Any) -> None:
    late = film.labels["known_on"] - film.labels["snapshot_date"]
    assert late.min() >= pd.Timedelta(days=28 + simulator.BOOKING_DAYS)
    stayed = film.labels[film.labels["Churn"] == "No"]
    horizon = stayed["snapshot_date"] + pd.offsets.MonthEnd(simulator.HORIZON)
    assert (stayed["known_on"] == horizon + pd.Timedelta(days=simulator.BOOKING_DAYS)).all()


def test_a_label_says_what_the_film_shows(simulator: ModuleType, film: Any) -> None:
    there = film.panel["tenure"].unstack("snapshot").notna()
    now, later = there[10], there[10 + simulator.HORIZON]
    left = (film.labels["Churn"] == "Yes").xs(10, level="snapshot")
    assert (left == ~later[now]).all()


def test_the_table_holds_complete_labels_only(simulator: ModuleType, film: Any) -> None:
    day = date(2024, 3, 31)
    table = film.table(as_of=day)
    known = film.labels.set_index(["customerID", "snapshot_date"])["known_on"]
    used = pd.MultiIndex.from_frame(
        table[["customerID", "snapshot_date"]].astype({"snapshot_date": known.index.dtypes.iloc[1]})
    )
    assert known.loc[used].max() <= pd.Timestamp(day)
    assert table["snapshot_date"].max() == pd.Timestamp(2023, 8, 31)


def test_too_short_a_film_has_no_table(simulator: ModuleType) -> None:
    with pytest.raises(ValueError, match="simulate more months"):
        simulator.simulate(300, simulator.HORIZON).table()


def test_each_customer_is_in_the_table_once_and_months_are_fairly_shown(film: Any) -> None:
    table = film.table()
    assert table["customerID"].is_unique
    shown = table["snapshot_date"].value_counts(normalize=True)
    assert shown.max() < 2 * shown.min()
    everybody = leaving(film).loc[: table["snapshot_date"].max()].mean()
    assert abs((table["Churn"] == "Yes").mean() - everybody) < 0.03


@pytest.fixture(scope="module")
def dearer(simulator: ModuleType) -> Any:
    """The same company, whose prices rise in the thirteenth month."""
    return simulator.simulate(5_000, 30, price_change=simulator.PriceChange(13, 0.15))


@pytest.mark.heavy
def test_before_the_price_change_nothing_differs(film: Any, dearer: Any) -> None:
    before = film.panel["snapshot_date"] < film.dates[12]
    pd.testing.assert_frame_equal(film.panel[before], dearer.panel[dearer.panel["snapshot_date"] < dearer.dates[12]])


def test_the_price_change_shifts_what_is_paid(film: Any, dearer: Any) -> None:
    at = film.dates[12]
    charge, before = (panel[panel["snapshot_date"] == at]["MonthlyCharges"] for panel in (dearer.panel, film.panel))
    assert 1.10 < charge.mean() / before.mean() < 1.16


def test_the_price_change_leaves_phone_customers_alone(film: Any, dearer: Any) -> None:
    charges = [
        panel.loc[(panel["snapshot_date"] == film.dates[12]) & (panel["InternetService"] == "No"), "MonthlyCharges"]
        for panel in (film.panel, dearer.panel)
    ]
    assert np.array_equal(charges[0], charges[1])


def test_the_price_change_drives_customers_away(film: Any, dearer: Any) -> None:
    # Whoever is looked at just before has the whole shock ahead.
    assert leaving(dearer).iloc[11] > leaving(film).iloc[11] + 0.05
    sizes = [simulated.panel.groupby("snapshot_date").size().iloc[-1] for simulated in (film, dearer)]
    assert sizes[1] < 0.95 * sizes[0]


def test_nonsense_is_refused(simulator: ModuleType) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        simulator.simulate(0, 12)
