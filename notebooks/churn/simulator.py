r"""A telecom's customers over time, made by a documented model and taken from nobody.

The worked example needs data that may be shared, that has a calendar, and whose truth is known. The well-known Telco churn table has
none of these: it is one photograph of 7,043 customers. This module makes a *film* of such customers in the same 21 columns, plus
``snapshot_date``, so that seasons, a price change and labels that arrive late can be studied. Its constants were fitted to the marginals
of that table (a quarter leaves, mean tenure 32 months, 55 % month-to-month contracts, mean charge 65 dollars, churn 0.43, 0.11 and 0.03 by
contract); no row of it is contained here.

The model
---------
Time runs in months; snapshots are taken at the months' ends. The company was founded, with :math:`N` customers, ``BURN_IN`` months
before the first snapshot. Below, :math:`m_t` is the calendar month of month :math:`t` and
:math:`s_t(k) = \cos(2\pi (m_t - k) / 12)` a wave with its crest in the calendar month :math:`k`.

*Joining.* In month :math:`t` a Poisson number of customers joins, with mean

.. math:: \lambda_t = N \, r \, (1 + g \, e^{-a_t / 24}) \, (1 + 0.25 \, s_t(11)),

where :math:`a_t` is the company's age in months, :math:`r` = ``JOINING_RATE`` and :math:`g` = ``EARLY_GROWTH``: a young company in an
open market wins more customers than an old one, and most of them in November. What they are like is drawn from ``AT_START`` (`company.py`): more
fiber than in the base, few services, almost no long contracts.

*Living.* Each month a customer may sign a longer contract, book or cancel a service, take a second line, change to automatic payment,
or find a partner (``MONTHLY``). Streaming is booked more in winter: its rates carry the factor :math:`1 + 0.5 \, s_t(1)`.

*Paying.* The monthly charge is a list price: a base for the kind of internet and phone plus a fee for each service (``PRICES``), and a
small personal difference. ``TotalCharges`` adds up what was billed. Tenure is counted up to ``LONGEST_TENURE`` months.

*Leaving.* Between months :math:`t` and :math:`t + 1` customer :math:`i` leaves with probability :math:`1 / (1 + e^{-\eta_{it}})`,
independent between months, where

.. math:: \eta_{it} = \beta_0 + x_{it}^\top \beta - 0.3 \log(1 + \text{tenure}_{it}) + 0.3 \, s_{t+1}(1) + \pi_{it}

with :math:`\beta` = ``LEAVING`` and most departures in January. ``Churn`` at a snapshot says whether the customer left in the ``HORIZON``
= 6 months *after* it: features are known before the label, never after it.

*The price change.* From its month :math:`p` on, customers with internet pay :math:`(1 + \rho)` times the list price, and fewer of the
joining customers choose fiber. The shock to leaving is

.. math:: \pi_{it} = 8 \rho \, (0.35 + 0.65 \, e^{-(t - p) / 6}) \; [\text{internet}_{it}] \, c_{it},

where :math:`c` is 1 for month-to-month contracts and 0.4 for longer ones: bound customers cannot run as fast.

*Late labels.* That a customer left is booked ``BOOKING_DAYS`` after the end of that month; that one stayed is known only ``BOOKING_DAYS``
after the horizon's end. ``Simulation.labels`` holds the day as ``known_on``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from company import COLUMNS, LEVELS, NO_INTERNET, SERVICES, Customers, bill, join, leaving, live, season

BURN_IN = 72
HORIZON = 6
BOOKING_DAYS = 10
JOINING_RATE = 0.058
EARLY_GROWTH = 8.0


@dataclass(frozen=True)
class PriceChange:
    """Internet becomes dearer by the share `rise` from the snapshot of month `month` on (1 is the first snapshot)."""

    month: int
    rise: float = 0.15

    def strength(self, month: int) -> float:
        """How strongly it is felt in `month`: 0 before, 1 when it comes, 0.35 in the long run."""
        since = month - self.month
        return 0.0 if since < 0 else 0.35 + 0.65 * float(np.exp(-since / 6))


@dataclass(frozen=True)
class Simulation:
    """What `simulate` made.

    Attributes
    ----------
    panel
        One row for each customer and snapshot: ``snapshot_date`` and the columns of the table but ``Churn``. Text columns are
        categorical, ``TotalCharges`` is a number (missing before the first bill).
    labels
        ``customerID``, ``snapshot_date``, ``Churn`` and ``known_on`` (the day on which the label became known), in the panel's order.
    dates
        The snapshots' dates.
    seed
        What it was made from.
    """

    panel: pd.DataFrame
    labels: pd.DataFrame
    dates: tuple[pd.Timestamp, ...]
    seed: int

    @cached_property
    def today(self) -> pd.Timestamp:
        """The day on which one looks back at the film: the last snapshot's."""
        return self.dates[-1]

    def matured(self, as_of: date | None = None) -> tuple[pd.Timestamp, ...]:
        """The snapshots *all* of whose labels are known `as_of` (default: today).

        Leavers are known sooner than stayers, so a snapshot whose labels are known in part would show far too much churn.
        """
        day = self.today if as_of is None else pd.Timestamp(as_of)
        return tuple(when for when in self.dates if _end(when, HORIZON) + pd.Timedelta(days=BOOKING_DAYS) <= day)

    def table(self, as_of: date | None = None) -> pd.DataFrame:
        """About `customers` rows in the table's schema plus ``snapshot_date``, each customer at most once, labels known `as_of`.

        Each customer is looked at in one of the matured snapshots, drawn beforehand and independent of what becomes of them, and is
        left out when not there in it. So every snapshot gives a fair sample of the customers of that month.

        Raises
        ------
        ValueError
            When no snapshot has all its labels yet.
        """
        matured = self.matured(as_of)
        if not matured:
            raise ValueError(
                f"No snapshot has all its labels yet: that takes {HORIZON} months and {BOOKING_DAYS} days. "
                "Next: simulate more months."
            )
        numbers = self.panel.index.get_level_values("customer").to_numpy()
        looked_at = np.random.default_rng([self.seed, 1]).integers(len(matured), size=numbers.max() + 1)
        snapshot = self.panel.index.get_level_values("snapshot").to_numpy()
        return as_table(self.panel[looked_at[numbers] == snapshot], self.labels[looked_at[numbers] == snapshot])


def as_table(panel: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Rows of a panel in the form of the table: text as text, a blank for a total that was never billed, the label last."""
    frame = panel.reset_index(drop=True)
    text = [name for name in LEVELS if name in frame]
    frame = frame.astype(dict.fromkeys(text, "str"))
    total = frame["TotalCharges"]
    frame["TotalCharges"] = total.map("{:.2f}".format).where(total.notna(), " ").astype("str")
    frame["Churn"] = labels["Churn"].astype("str").to_numpy()
    frame["snapshot_date"] = frame["snapshot_date"].astype("datetime64[us]")
    return frame[[*COLUMNS, "snapshot_date"]]


def simulate(
    customers: int = 5_000,
    months: int = 24,
    *,
    start: date = date(2023, 1, 1),
    price_change: PriceChange | None = None,
    seed: int = 7,
) -> Simulation:
    """Make `months` monthly snapshots of a company of about `customers` customers.

    Parameters
    ----------
    customers
        The size around which the company levels out.
    months
        How many snapshots; the first is taken at the end of the month of `start`.
    start
        A day in the month of the first snapshot.
    price_change
        Without one the prices stay what they are. What happens before it comes does not depend on it.
    seed
        The same arguments and seed give the same customers, to the last cent.
    """
    if customers < 1 or months < 1:
        raise ValueError(f"customers and months must be at least 1, not {customers} and {months}.")
    random = np.random.default_rng([seed, 0])
    first = pd.Timestamp(start) + pd.offsets.MonthEnd(0)
    dates = tuple(_end(first, number) for number in range(months))
    base = join(random, customers, 0.0, first_number=0)
    joined = customers
    seen: list[Customers] = []
    left_in: list[tuple[np.ndarray, int]] = []
    for month in range(1 - BURN_IN, months + HORIZON + 1):
        calendar = _end(first, month - 1).month
        young = 1 + EARLY_GROWTH * np.exp(-(month + BURN_IN) / 24)
        arrivals = random.poisson(customers * JOINING_RATE * young * (1 + 0.25 * season(calendar, 11)))
        rise = price_change.rise if price_change and month >= price_change.month else 0.0
        shock = rise * price_change.strength(month) if price_change else 0.0
        base = _together(base, join(random, arrivals, shock, first_number=joined))
        joined += arrivals
        live(random, base, calendar)
        bill(base, rise)
        if 1 <= month <= months:
            seen.append({name: column.copy() for name, column in base.items()} | {"snapshot": _full(base, month - 1)})
        # Who leaves, leaves after the snapshot: in the month that follows.
        leaves = random.random(len(base["number"])) < leaving(base, calendar % 12 + 1, shock)
        left_in.append((base["number"][leaves], month + 1))
        base = {name: column[~leaves] for name, column in base.items()}
    left = np.full(joined, months + HORIZON + 10)
    for numbers, month in left_in:
        left[numbers] = month
    return _film(_stack(seen), left, dates, seed)


def _film(seen: Customers, left: np.ndarray, dates: tuple[pd.Timestamp, ...], seed: int) -> Simulation:
    """The panel and its labels from the arrays of all snapshots."""
    when = pd.DatetimeIndex(dates).take(seen["snapshot"])
    names = _names(len(left))[seen["number"]]
    online = seen["internet"] != NO_INTERNET
    codes = {
        "gender": seen["gender"],
        "Partner": seen["partner"],
        "Dependents": seen["dependents"],
        "PhoneService": seen["phone"],
        "MultipleLines": np.where(seen["phone"], seen["lines"], 2),
        "InternetService": seen["internet"],
        **{name: np.where(online, seen["services"][:, column], 2) for column, name in enumerate(SERVICES)},
        "Contract": seen["contract"],
        "PaperlessBilling": seen["paperless"],
        "PaymentMethod": seen["payment"],
    }
    columns: dict[str, Any] = {
        name: pd.Categorical.from_codes(code.astype(np.int8), categories=list(LEVELS[name]))
        for name, code in codes.items()
    }
    columns |= {
        "customerID": pd.array(names, dtype="str"),
        "SeniorCitizen": seen["senior"].astype(np.int64),
        "tenure": seen["billed"].astype(np.int64),
        "MonthlyCharges": seen["charge"],
        "TotalCharges": np.where(seen["billed"] > 0, np.round(seen["total"], 2), np.nan),
        "snapshot_date": when,
    }
    index = pd.MultiIndex.from_arrays([seen["number"], seen["snapshot"]], names=["customer", "snapshot"])
    panel = pd.DataFrame(columns, index=index)[["snapshot_date", *COLUMNS[:-1]]]
    month_left = left[seen["number"]]
    churned = month_left <= seen["snapshot"] + 1 + HORIZON
    settled = np.where(churned, month_left, seen["snapshot"] + 1 + HORIZON)
    ends = pd.DatetimeIndex([_end(dates[0], number) for number in range(len(dates) + HORIZON)])
    labels = pd.DataFrame(
        {
            "customerID": panel["customerID"],
            "snapshot_date": panel["snapshot_date"],
            "Churn": pd.Categorical.from_codes(churned.astype(np.int8), categories=["No", "Yes"]),
            "known_on": ends.take(settled - 1) + pd.Timedelta(days=BOOKING_DAYS),
        },
        index=index,
    )
    return Simulation(panel, labels, dates, seed)


def _names(count: int) -> np.ndarray:
    """`count` different customer numbers such as ``4821-KQZTB``: the n-th is n times a unit modulo 26^5 * 10^4, so none comes twice."""
    space = 26**5 * 10**4
    mixed = (np.arange(1, count + 1, dtype=object) * 48_271_936_279_757 % space).astype(np.int64)
    letters, digits = np.divmod(mixed, 10**4)
    alphabet = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    text = np.char.mod("%04d-", digits)
    for _ in range(5):
        letters, last = np.divmod(letters, 26)
        text = np.char.add(text, alphabet[last])
    return text


def _end(first: pd.Timestamp, months: int) -> pd.Timestamp:
    """The month's end `months` months after the month's end `first`."""
    return first + pd.offsets.MonthEnd(months)


def _full(base: Customers, value: int) -> np.ndarray:
    return np.full(len(base["number"]), value)


def _together(first: Customers, second: Customers) -> Customers:
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def _stack(parts: list[Customers]) -> Customers:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
