"""Truecount: reports, a self-contained HTML file per run with its tables as CSV and Parquet beside it."""
