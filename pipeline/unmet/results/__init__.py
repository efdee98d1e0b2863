"""Results of many letters: written as JSONL, CSV, Parquet or DuckDB, read back, and asked in SQL."""
