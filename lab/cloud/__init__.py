# The Python half of the lab: AWS, DNS, load balancers, charts and GitHub's token issuer.
