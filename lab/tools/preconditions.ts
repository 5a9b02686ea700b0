// What the machine itself must have, looked at before anything is downloaded.

import { spawnSync } from 'node:child_process';
import { LabFailure } from './failure.ts';
import { versions } from './locations.ts';

const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];

export interface Machine {
  readonly go: string;
  readonly python: string;
  readonly pythonVersion: string;
}

/** Throws one sentence that names what is missing and how to get it. */
export function checkMachine(): Machine {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new LabFailure(
      `The lab needs Linux on x86-64 (network namespaces, and the binaries it uses), this is ${process.platform} on ${process.arch}: run it in a Linux virtual machine.`,
    );
  }
  const go = findGo();
  const python = findPython();
  findProgram('unshare', 'util-linux');
  findProgram('nsenter', 'util-linux');
  findProgram('ip', 'iproute2');
  checkNamespaces();
  return { go, ...python };
}

function findGo(): string {
  const answer = output('go', ['env', 'GOVERSION'], { GOTOOLCHAIN: 'local' });
  const found = answer?.match(/^go(\d+\.\d+)/)?.[1];
  if (found === undefined || !atLeast(found, versions.go)) {
    throw new LabFailure(
      `Go ${versions.go} or newer is needed to build the control plane and ${found ? `this machine has ${found}` : 'there is no "go" on PATH'}: install it from https://go.dev/dl/ or with your package manager.`,
    );
  }
  return 'go';
}

function findPython(): { python: string; pythonVersion: string } {
  const seen: string[] = [];
  for (const python of PYTHONS) {
    const found = output(python, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'])?.trim();
    if (found === undefined) continue;
    seen.push(`${python} is ${found}`);
    if (!atLeast(found, versions.python)) continue;
    if (output(python, ['-c', 'import venv, ensurepip']) === undefined) {
      throw new LabFailure(
        `${python} (${found}) cannot make virtual environments because its venv and ensurepip modules are missing: install them, on Debian and Ubuntu with "apt-get install python3-venv".`,
      );
    }
    return { python, pythonVersion: found };
  }
  throw new LabFailure(
    `Python ${versions.python} or newer is needed and ${seen.length > 0 ? seen.join(', ') : 'there is no "python3" on PATH'}: install it with your package manager (on Debian and Ubuntu "apt-get install python3 python3-venv").`,
  );
}

function findProgram(program: string, from: string): void {
  if (output(program, [program === 'ip' ? '-V' : '--version']) === undefined) {
    throw new LabFailure(
      `The program "${program}" is missing: install ${from} with your package manager, and have /usr/sbin on PATH.`,
    );
  }
}

function checkNamespaces(): void {
  const tried = spawnSync('unshare', ['-rnmp', '--mount-proc', '--fork', 'true'], { encoding: 'utf8' });
  if (tried.status === 0) return;
  throw new LabFailure(
    `This user may not make namespaces of its own (unshare says: ${tried.stderr.trim()}): run as root, or allow it with "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" (Ubuntu 24.04 and later) or "sysctl -w kernel.unprivileged_userns_clone=1" (Debian); a container needs --privileged.`,
  );
}

function output(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string | undefined {
  const ran = spawnSync(program, [...args], { encoding: 'utf8', env: { ...process.env, ...environment } });
  return ran.status === 0 ? ran.stdout : undefined;
}

function atLeast(found: string, wanted: string): boolean {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
