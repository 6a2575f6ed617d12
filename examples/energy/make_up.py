#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints made-up.csv: a week of hours for two zones. NO market had these prices and no grid this carbon: they are curves,
so that the example works without anybody's data."""

import datetime
import math

START = datetime.datetime(2028, 3, 6)
print("zone,utc,price_usd_mwh,gco2_kwh")
for zone, sun, level in (("WINDY", 0.4, 38), ("SUNNY", 1.0, 52)):
    for hour in range(7 * 24):
        day = math.sin((hour % 24 - 6) / 24 * 2 * math.pi)
        price = level - 45 * sun * max(0, day) + 30 * max(0, -day) ** 3 + (6 if hour < 5 * 24 else -4)
        carbon = 420 - 260 * sun * max(0, day) + 60 * max(0, -day)
        print(f"{zone},{START + datetime.timedelta(hours=hour):%Y-%m-%d %H:%M},{price:.2f},{carbon:.1f}")
