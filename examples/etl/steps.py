"""The Python steps of the workflow etl/sales_report: python steps.py DATABASE_URL."""

import sys

import numpy

import tasker_core

worker = tasker_core.Worker(
    sys.argv[1] if len(sys.argv) > 1 else "postgresql:///", concurrency=4, exact_numbers=False
)


@worker.step("etl/sales_report", "clean")
def clean(step):
    """Drops sales that are far from all others."""
    sales = step.parents["extract"]["sales"]
    # As objects: a sale that was typed wrongly may be larger than any machine's integer.
    cents = numpy.array([sale["cents"] for sale in sales], dtype=object)
    kept = cents < 100 * numpy.median(cents)
    step.logger.info("drops %d of %d sales", (~kept).sum(), len(sales))
    return {"sales": [sale for sale, keep in zip(sales, kept) if keep], "dropped": int((~kept).sum())}


@worker.step("etl/sales_report", "totals")
def totals(step):
    """What each region has sold."""
    sales = step.parents["clean"]["sales"]
    names, places = numpy.unique([sale["region"] for sale in sales], return_inverse=True)
    cents = numpy.bincount(places, weights=[sale["cents"] for sale in sales]).astype("int64")
    counts = numpy.bincount(places)
    return {
        "by_region": {
            str(name): {"cents": amount, "sales": count} for name, amount, count in zip(names, cents, counts)
        }
    }


@worker.step("etl/sales_report", "trend")
def trend(step):
    """How much the sales of a day grow with each day."""
    sales = step.parents["clean"]["sales"]
    days = numpy.array([sale["day"] for sale in sales])
    daily = numpy.bincount(days, weights=[sale["cents"] for sale in sales])
    slope, _ = numpy.polyfit(numpy.arange(len(daily)), daily, 1)
    return {"cents_a_day": round(float(slope), 2)}


if __name__ == "__main__":
    print(f"python: {worker!r} waits for work", flush=True)
    print(f"python: {worker.run()}", flush=True)
