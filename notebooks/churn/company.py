"""What the simulated company's customers are like, and what happens to them in one month.

The constants and formulas of the model that `simulator.py` explains. A group of customers is a dictionary of arrays, one
value a customer; categories are numbers, in the order of ``LEVELS``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Customers = dict[str, np.ndarray]

LONGEST_TENURE = 72

SERVICES = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")
LEVELS: dict[str, tuple[str, ...]] = {
    "gender": ("Female", "Male"),
    "Partner": ("No", "Yes"),
    "Dependents": ("No", "Yes"),
    "PhoneService": ("No", "Yes"),
    "MultipleLines": ("No", "Yes", "No phone service"),
    "InternetService": ("No", "DSL", "Fiber optic"),
    **dict.fromkeys(SERVICES, ("No", "Yes", "No internet service")),
    "Contract": ("Month-to-month", "One year", "Two year"),
    "PaperlessBilling": ("No", "Yes"),
    "PaymentMethod": ("Mailed check", "Electronic check", "Bank transfer (automatic)", "Credit card (automatic)"),
}
COLUMNS = (
    *("customerID", "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines"),
    *("InternetService", *SERVICES, "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges"),
    "Churn",
)
"""The 21 columns of the Telco churn table, in its order."""

NO_INTERNET, DSL, FIBER = 0, 1, 2
MONTHLY_CONTRACT, ONE_YEAR, TWO_YEARS = 0, 1, 2
MAILED, ELECTRONIC, BANK, CARD = 0, 1, 2, 3

# What a joining customer is like: shares, in the order of LEVELS.
AT_START: dict[str, Any] = {
    "senior": 0.34,
    "partner": 0.18,
    "dependents": {False: 0.06, True: 0.76},  # by partner; seniors have none
    "internet": (0.045, 0.175, 0.78),
    "internet_senior": (0.04, 0.23, 0.73),
    "no_phone": 0.29,  # of those with DSL
    "lines": 0.20,
    "service": {DSL: (0.20, 0.13, 0.10, 0.20, 0.08, 0.08), FIBER: (0.05, 0.22, 0.25, 0.05, 0.53, 0.52)},
    "contract": {NO_INTERNET: (0.86, 0.09, 0.05), DSL: (0.95, 0.03, 0.02), FIBER: (0.99, 0.01, 0.00)},
    "paperless": {NO_INTERNET: 0.37, DSL: 0.67, FIBER: 0.87},
    "payment": {
        NO_INTERNET: (0.70, 0.17, 0.065, 0.065),
        DSL: (0.28, 0.51, 0.105, 0.105),
        FIBER: (0.07, 0.78, 0.075, 0.075),
    },
}

# What changes in a month, as probabilities.
MONTHLY: dict[str, Any] = {
    "to_one_year": {NO_INTERNET: 0.0135, DSL: 0.0095, FIBER: 0.0080},
    "one_to_two_years": {NO_INTERNET: 0.0200, DSL: 0.0120, FIBER: 0.0130},
    "partner": 0.012,
    "lines": 0.015,
    "service": (0.0065, 0.0125, 0.0150, 0.0070, 0.0140, 0.0150),
    "service_end": 0.002,
    "automatic": 0.0095,
}

# A month's list price, in dollars.
PRICES: dict[str, Any] = {
    "base": {(NO_INTERNET, True): 20.0, (DSL, False): 25.0, (DSL, True): 45.0, (FIBER, True): 70.0},
    "lines": 5.0,
    "service": (5.0, 5.0, 5.0, 5.0, 10.0, 10.0),
    "surcharge_sd": 0.6,
}

# Logit coefficients of leaving in a month; what is not named has none.
LEAVING: dict[str, Any] = {
    "constant": -1.83,
    "internet": (-0.97, 0.0, 0.16),
    "contract": (0.0, -0.97, -2.24),
    "payment": (0.0, 0.50, 0.05, 0.0),
    "lines": 0.10,
    "service": (-0.73, -0.23, -0.07, -0.65, 0.19, 0.22),
    "paperless": 0.46,
    "senior": 0.69,
    "dependents": -0.72,
    "tenure": -0.30,
    "season": 0.30,
}


def join(random: np.random.Generator, count: int, shock: float, *, first_number: int) -> Customers:
    """`count` new customers; `shock` drives them from fiber to DSL."""
    draw = random.random((count, 11))
    start = AT_START
    senior = draw[:, 0] < start["senior"]
    chances = np.where(senior[:, None], start["internet_senior"], start["internet"])
    flight = 0.5 * shock * chances[:, FIBER]
    chances = chances + np.stack([0 * flight, flight, -flight], axis=1)
    internet = _pick(draw[:, 1], chances)
    phone = ~((internet == DSL) & (draw[:, 2] < start["no_phone"]))
    partner = draw[:, 3] < start["partner"]
    services = random.random((count, len(SERVICES))) < _by(internet, {NO_INTERNET: (0.0,) * 6, **start["service"]})
    return {
        "number": np.arange(first_number, first_number + count),
        # Whoever joins on the last day of a month gets the first bill in the next one.
        "billed": np.where(draw[:, 4] < 0.02, -1, 0),
        "total": np.zeros(count),
        "charge": np.zeros(count),
        "surcharge": PRICES["surcharge_sd"] * random.standard_normal(count),
        "gender": (draw[:, 5] < 0.505).astype(int),
        "senior": senior,
        "partner": partner,
        "dependents": draw[:, 6] < np.where(partner, start["dependents"][True], start["dependents"][False]) * ~senior,
        "phone": phone,
        "lines": phone & (draw[:, 7] < start["lines"]),
        "internet": internet,
        "services": services,
        "contract": _pick(draw[:, 8], _by(internet, start["contract"])),
        "paperless": draw[:, 9] < _by(internet, start["paperless"]),
        "payment": _pick(draw[:, 10], _by(internet, start["payment"])),
    }


def live(random: np.random.Generator, base: Customers, calendar: int) -> None:
    """One month of everybody's life, in place."""
    count = len(base["number"])
    draw = random.random((count, 4))
    online = (base["internet"] != NO_INTERNET)[:, None]
    rates = np.array(MONTHLY["service"]) * np.where(np.arange(6) >= 4, 1 + 0.5 * season(calendar, 1), 1.0)
    change = random.random((count, len(SERVICES)))
    booked = base["services"] | (online & (change < rates))
    base["services"] = booked & ~(base["services"] & (change > 1 - MONTHLY["service_end"]))
    longer = np.where(base["contract"] == MONTHLY_CONTRACT, _by(base["internet"], MONTHLY["to_one_year"]), 0.0)
    longer = np.where(base["contract"] == ONE_YEAR, _by(base["internet"], MONTHLY["one_to_two_years"]), longer)
    base["contract"] = base["contract"] + (draw[:, 0] < longer)
    base["partner"] = base["partner"] | (draw[:, 1] < MONTHLY["partner"])
    base["lines"] = base["lines"] | (base["phone"] & (draw[:, 2] < MONTHLY["lines"]))
    turns = (base["payment"] <= ELECTRONIC) & (draw[:, 3] < MONTHLY["automatic"])
    to_bank = draw[:, 3] < MONTHLY["automatic"] / 2
    base["payment"] = np.where(turns, np.where(to_bank, BANK, CARD), base["payment"])


def bill(base: Customers, rise: float) -> None:
    """One month's bill for everybody, in place; internet is dearer than listed by the share `rise`."""
    price = np.zeros(len(base["number"]))
    for (internet, phone), amount in PRICES["base"].items():
        price = np.where((base["internet"] == internet) & (base["phone"] == phone), amount, price)
    price = price + PRICES["lines"] * base["lines"] + base["services"] @ np.array(PRICES["service"])
    price = price * np.where(base["internet"] != NO_INTERNET, 1 + rise, 1.0)
    base["charge"] = np.round((price + base["surcharge"]) * 20) / 20
    counted = base["billed"] >= LONGEST_TENURE
    base["billed"] = np.where(counted, base["billed"], base["billed"] + 1)
    before = np.where(counted, base["total"] * (1 - 1 / LONGEST_TENURE), base["total"])
    base["total"] = before + np.where(base["billed"] > 0, base["charge"], 0.0)


def leaving(base: Customers, calendar: int, shock: float) -> np.ndarray:
    """Everybody's probability of leaving in a month of the calendar month `calendar`."""
    weights = LEAVING
    bound = np.where(base["contract"] == MONTHLY_CONTRACT, 1.0, 0.4)
    logit = (
        weights["constant"]
        + np.array(weights["internet"])[base["internet"]]
        + np.array(weights["contract"])[base["contract"]]
        + np.array(weights["payment"])[base["payment"]]
        + weights["lines"] * base["lines"]
        + base["services"] @ np.array(weights["service"])
        + weights["paperless"] * base["paperless"]
        + weights["senior"] * base["senior"]
        + weights["dependents"] * base["dependents"]
        + weights["tenure"] * np.log1p(base["billed"])
        + weights["season"] * season(calendar, 1)
        + 8 * shock * bound * (base["internet"] != NO_INTERNET)
    )
    return np.asarray(1 / (1 + np.exp(-logit)))


def season(calendar: int, peak: int) -> float:
    """A wave of one year with its crest in the month `peak`."""
    return float(np.cos(2 * np.pi * (calendar - peak) / 12))


def _pick(uniform: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """One level a row, from a uniform number and the levels' probabilities."""
    return np.minimum((uniform[:, None] >= np.cumsum(chances, axis=1)).sum(axis=1), chances.shape[1] - 1)


def _by(kind: np.ndarray, values: dict[int, Any]) -> np.ndarray:
    """The value of each row's kind; `values` has one for each of 0, 1, …"""
    return np.array([values[level] for level in range(len(values))])[kind]
