# The lab as a Python package, so that its servers start with python3 -m lab.cloud.main.
