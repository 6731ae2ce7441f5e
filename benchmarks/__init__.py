"""The book's speed claims, measured side by side with peers: ``make bench`` writes RESULTS.md.

One thread and one processor for everybody. The libraries read these variables when they are imported, so they are set
here, first.
"""

import os

for variable in "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC":
    os.environ[variable] = "1"  # NPROC is JAX's
if hasattr(
    os, "sched_setaffinity"
):  # JAX hands work to a thread of its own; across processors that takes twice as long
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
