#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the example portfolios, by the commands that people call: the article's facts, invoices, FOCUS.

usage: finance_test.py AMPACITY SOURCE_FOLDER
"""
import csv
import io
import json
import subprocess
import sys
from decimal import Decimal

AMPACITY, SOURCE = sys.argv[1], sys.argv[2]
STARGATE, MICHIGAN = (f"{SOURCE}/examples/{name}/portfolio.yaml" for name in ("stargate", "michigan"))


def run(*words, code=0):
    done = subprocess.run([AMPACITY, *words], capture_output=True, text=True)
    assert done.returncode == code, f"{words}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def invoice(lease, month, portfolio):
    return json.loads(run("invoice", lease, month, "--portfolio", portfolio, "--json"))


def amount(bill, kind):
    return sum(line["micro_usd"] for line in bill["lines"] if line["kind"] == kind)


def test_article():
    rows = json.loads(run("article", STARGATE, "--json"))["rows"]
    said = {row["said"]: row["computed"] for row in rows}
    assert sorted({row["fact"] for row in rows}) == [1, 2, 3, 4, 5, 6, 7]
    expected = {
        "4.5 GW rented from Oracle": "4.5 GW from oracle",
        "$30 billion a year": "$30.00B a year",
        "(6.67 M$ a MW-year)": "6.67 M$ a MW-year",
        "from 2028": "2028-01-01",
        "$500 billion over four years": "$500.00B over 4 years",
        "$100 billion at first": "$100.00B until 2026-01-21",
        "Texas, Michigan, Wisconsin, Wyoming, New Mexico, Georgia, Ohio, Pennsylvania":
            "8 states: TX, MI, WI, WY, NM, GA, OH and PA",
        "400,000 GB200 for the first site, Abilene, Texas": "400,320 GB200 at Abilene, Texas",
        "about four nuclear reactors": "4.89",
        "three million homes": "3.75 million",
    }
    for words, figure in expected.items():
        assert said[words] == figure, (words, said[words])
    assert "azure is asked first" in said["Microsoft not the exclusive provider, but asked first"]
    assert "gangs of up to 648,000 GPUs" in said["the capacity is there to train AI models"]
    assert "39.42 TWh" in run("article", STARGATE)
    run("article", "nowhere.yaml", code=3)


def test_oracle():
    """4.5 GW at 30 G$ a year from 2028: a third of it in the first year, all of it from 2030 on."""
    january = invoice("oracle-4500", "2028-01", STARGATE)
    assert january["total_cents"] == round(Decimal(10_000_000_000) * 744 / 8760 * 100)
    assert amount(january, "CommitmentUnused") == january["total_micro_usd"]
    assert sum(p["micro_usd"] for p in january["postings"]) == 0
    year = [invoice("oracle-4500", f"2031-{m:02}", STARGATE) for m in range(1, 13)]
    assert sum(bill["total_cents"] for bill in year) == 30_000_000_000_00
    run("invoice", "oracle-4500", "2027-12", "--portfolio", STARGATE, code=6)
    assert "did you mean 'oracle-4500'" in run("invoice", "oracle-450", "2028-01", "--portfolio", STARGATE, code=6)


def test_michigan():
    """1.4 GW for 19 years: 80 % of it is billed each month, used or not; months begin at Detroit's midnights."""
    march = invoice("dte-saline", "2028-03", MICHIGAN)
    hours = 743  # clocks go forward
    assert march["until_ms"] - march["from_ms"] == hours * 3_600_000
    assert march["time_zone"] == "America/Detroit"
    # 1,120 MW x 62,269 USD/MW-month x 743 h / 730 h
    assert march["total_cents"] == round(Decimal(1120 * 62_269) * hours / 730 * 100)
    assert amount(march, "MinimumBill") == march["total_micro_usd"]
    august = invoice("dte-saline", "2028-08", MICHIGAN)
    # 467 MW late until the 31st at 0:00 UTC, which is four hours before the 31st in Detroit
    assert abs(amount(august, "DelayDamages") + Decimal(467_000_000_000) * (30 * 24 - 4) / 24) < 1, august["lines"]
    raised = invoice("dte-saline", "2029-03", MICHIGAN)
    assert abs(raised["total_cents"] - march["total_cents"] * Decimal("1.02")) <= 1
    run("invoice", "dte-saline", "2046-12", "--portfolio", MICHIGAN)
    run("invoice", "dte-saline", "2047-01", "--portfolio", MICHIGAN, code=6)


def test_programme():
    whole = json.loads(run("programme", "--portfolio", STARGATE, "--json"))["programmes"][0]
    assert whole["total_micro_usd"] == 500_000_000_000_000_000
    assert [e["budget_micro_usd"] // 10**15 for e in whole["envelopes"]] == [100, 400]
    for e in (*whole["envelopes"], whole["whole"]):
        assert e["invoiced_micro_usd"] == 0 < e["committed_micro_usd"]
        assert e["left_micro_usd"] == e["budget_micro_usd"] - e["forecast_micro_usd"]


    # Abilene's 150 MW of 8 G$/year from 2025-09-30, and 300 MW of Azure's at 4.20 USD/GPU-hour for 20 days
    first = whole["envelopes"][0]["committed_micro_usd"]
    abilene = Decimal(8_000_000_000) * 150 / 1200 * 113 * 24 / 8760
    azure = Decimal("4.20") * 180_000 * 20 * 24
    assert abs(first - (abilene + azure) * 1_000_000) < 10, (first, abilene, azure)
    assert whole["whole"]["forecast_micro_usd"] < whole["whole"]["committed_micro_usd"], "80 % of Azure's is owed"


def test_focus():
    text = run("export", "focus", "--version", "1.2", "--month", "2028-01", "--portfolio", STARGATE)
    rows = list(csv.DictReader(io.StringIO(text)))
    by_invoice = {}
    for row in rows:
        by_invoice[row["InvoiceId"]] = by_invoice.get(row["InvoiceId"], Decimal(0)) + Decimal(row["BilledCost"])
        assert row["BillingPeriodStart"] == "2028-01-01T00:00:00Z" and row["BillingCurrency"] == "USD"
    assert set(by_invoice) == {f"{lease}/2028-01" for lease in ("oracle-4500", "oracle-abilene", "azure-wisconsin")}
    for number, billed in by_invoice.items():
        assert billed * 100 == invoice(*number.split("/"), STARGATE)["total_cents"], number
    assert {row["ChargeCategory"] for row in rows} == {"Purchase", "Usage"}
    assert {row["CommitmentDiscountStatus"] for row in rows if row["ChargeCategory"] == "Usage"} == {"Unused"}
    commitments = list(csv.DictReader(io.StringIO(run("export", "focus", "--dataset", "contract-commitment",
                                                      "--portfolio", STARGATE))))
    assert [row["ContractCommitmentId"] for row in commitments] == ["oracle-4500", "oracle-abilene", "azure-wisconsin"]
    run("export", "focus", "--portfolio", STARGATE, code=2)
    run("export", "focus", "--version", "1.3", "--month", "2028-01", "--portfolio", STARGATE, code=2)


for test in (test_article, test_oracle, test_michigan, test_programme, test_focus):
    test()
    print("ok", test.__name__)
