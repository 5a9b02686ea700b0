#!/bin/sh
# First process of a lab's namespaces: lays network and mounts, starts the supervisor, buries orphans.
# Usage: init.sh LAB_DIR POD_ROUTE NODE_ADDRESS AGENT_ADDRESS NOWHERE COMMAND...
set -eu
lab=$1 route=$2 node=$3 agent=$4 nowhere=$5
shift 5

ip link set lo up
# Every pod address ends on this machine; loopback addresses would not do, endpoints may not have them.
ip route add local "$route" dev lo
ip addr add "$node/32" dev lo
ip addr add "$agent/32" dev lo
# An address that nobody has, beyond a route: packets to it are lost, as a firewall loses them.
ip route add "$nowhere/32" dev lo

mount -t tmpfs -o mode=0700 tmpfs "$lab/run"
mount --bind "$lab/resolv.conf" /etc/resolv.conf
# Some machines resolve through a daemon's socket, which would lead out of the lab.
if [ -e /etc/nsswitch.conf ]; then mount --bind "$lab/nsswitch.conf" /etc/nsswitch.conf; fi

"$@" &
supervisor=$!
trap 'kill -TERM "$supervisor" 2>/dev/null || true' TERM INT HUP
# A shell that waits also reaps whatever else has lost its parent here. When it exits, the kernel ends the rest.
while kill -0 "$supervisor" 2>/dev/null; do wait "$supervisor" || true; done
