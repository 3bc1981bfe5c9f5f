#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs bindings/python into a virtual environment of its own, as a user would, and runs its
# tests against what was installed. Without a network it says SKIP and ends with status 77.
#
#   sh tests/python.sh [PYTEST ARGUMENTS]
#
# TVAE_PYTHON names the interpreter (default python3), TVAE_BUILD_DIR the folder to work in.
# TVAE_TORCH=1 installs PyTorch too (PyPI's wheels take gigabytes), for the tests that go to it and
# back; without it they say that they are skipped. TVAE_MPI_LIBRARY names a libtvae-mpi.so, which the
# package has not, for the test of ranks over MPI.
set -eu

cd "$(dirname "$0")/.."
source=$PWD
mkdir -p "${TVAE_BUILD_DIR-build-python}"
build=$(cd "${TVAE_BUILD_DIR-build-python}" && pwd)
python=${TVAE_PYTHON-python3}

skip() {
    echo "SKIP: $*"
    exit 77
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    skip "$python of version 3.10 or newer is missing"
"$python" -m venv "$build/venv" >"$build/venv.log" 2>&1 ||
    skip "$python -m venv failed (Debian: python3-venv); see $build/venv.log"
pip="$build/venv/bin/python -m pip --disable-pip-version-check --quiet"
$pip install numpy pytest mypy matplotlib tqdm scikit-learn meson-python ninja \
    >"$build/pip.log" 2>&1 ||
    skip "numpy, pytest and others cannot be installed with pip; see $build/pip.log"

# Not every machine has wheels of these; the tests that want one skip without it.
for package in onnx onnxruntime safetensors mpi4py ${TVAE_TORCH:+torch}; do
    $pip install "$package" >>"$build/pip.log" 2>&1 ||
        echo "no wheel of $package: its tests are skipped; see $build/pip.log"
done

$pip install --no-deps --force-reinstall ./bindings/python

# From another folder, so that the package installed is the one imported.
cd "$build"
unset TVAE_LIBRARY PYTHONPATH
TVAE_SOURCE_DIR=$source OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg \
    "$build/venv/bin/python" -m pytest -q -c "$source/bindings/python/pyproject.toml" \
    --rootdir "$source/bindings/python" "$source/bindings/python/tests" "$@"
