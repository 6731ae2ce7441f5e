"""The book's speed claims, measured side by side with peers: ``make bench`` writes RESULTS.md.

One thread for everybody. The libraries read these variables when they are imported, so they are set here, first.
"""

import os

for variable in "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC":
    os.environ[variable] = "1"  # the last is JAX's
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
