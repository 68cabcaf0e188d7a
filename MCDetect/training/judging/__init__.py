"""A bundle on a folder of views with truth: what ``mcdetect evaluate BUNDLE --data DIR`` does."""
