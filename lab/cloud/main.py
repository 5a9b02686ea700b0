# Starts the lab's cloud in one process: AWS, its webhooks and agent, then the network's servers, then the seed.
from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from lab.cloud import control, net
from lab.cloud.aws import (
    mend_acm,
    mend_elbv2,
    mend_listener_clients,
    mend_route53,
    mend_transforms,
    webhooks,
)
from lab.cloud.aws.eks_state import STATE
from lab.cloud.aws.front import Front
from lab.cloud.aws.layout import LAYOUT
from lab.cloud.aws.log import say
from lab.cloud.aws.seed import seed
from lab.cloud.aws.serve import serve
from lab.cloud.net import github


def moto_app() -> object:
    """moto in this process, mended, without its own idea of who may do what."""
    # moto would otherwise take every call for this one account.
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    for part in (mend_route53, mend_elbv2, mend_listener_clients, mend_transforms, mend_acm):
        part.mend()
    return DomainDispatcherApplication(create_backend_app)


def main() -> int:
    parser = argparse.ArgumentParser(description="The lab's cloud: AWS, DNS, load balancers, charts, OIDC issuer.")
    parser.add_argument("--lab-dir", type=Path, required=True, help="state folder of the lab (.lab)")
    parser.add_argument("--only-aws", action="store_true", help="leave out the network's servers")
    options = parser.parse_args()
    begun = time.monotonic()
    lab_dir: Path = options.lab_dir.resolve()
    STATE.lab_dir = lab_dir

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    front = Front()
    front.use(moto_app())
    webhooks.start(lab_dir)
    if options.only_aws:
        github.configure(lab_dir)
    else:
        net.start(lab_dir)
    seed(lab_dir)
    # Last, so that nobody finds AWS without the seed in it.
    serve(front, LAYOUT["addresses"]["aws"], LAYOUT["ports"]["aws"])
    control.report("health/aws", lambda: "up")
    say(f"ready after {time.monotonic() - begun:.1f} s")
    print("ready", flush=True)
    stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
