# SPDX-License-Identifier: MIT
"""The bindings say what the C headers say."""

from __future__ import annotations

import ctypes
import inspect
import shutil
import subprocess
from pathlib import Path

import c_headers
import pytest

import tvae
from tvae import _prototypes, _structures, enums, errors, model, trainer

SCALARS = {
    "int32_t": ctypes.c_int32,
    "tvae_status": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "char*": ctypes.c_char_p,
    "void": None,
}


@pytest.fixture(scope="module")
def include(source: Path) -> Path:
    return source / "include"


def class_name(c_name: str) -> str:
    return "".join(part.capitalize() for part in c_name.removeprefix("tvae_").split("_"))


def expected(c_type: str) -> object:
    """The ctypes type of a C type."""
    if c_type in SCALARS:
        return SCALARS[c_type]
    base = c_type.rstrip("*")
    depth = len(c_type) - len(base)
    if base.startswith("tvae_") and base not in SCALARS:
        kind = getattr(_structures, class_name(base))
        if inspect.isclass(kind) and issubclass(kind, ctypes.Structure):
            return ctypes.POINTER(kind) if depth == 1 else None
        return kind if depth == 1 else ctypes.POINTER(kind)
    return ctypes.POINTER(SCALARS[base])


def test_every_function_of_the_headers_is_in_the_table(include: Path) -> None:
    declared = c_headers.functions(include)
    assert len(declared) > 150
    bound = [name for name, _, _ in _prototypes.PROTOTYPES]
    assert sorted(bound) == sorted(declared)


def test_types_are_those_of_the_headers(include: Path) -> None:
    declared = c_headers.functions(include)
    for name, arguments, result in _prototypes.PROTOTYPES:
        c_arguments, c_result = declared[name]
        assert list(arguments) == [expected(kind) for kind in c_arguments], name
        assert result == expected(c_result), name


def test_every_function_is_used_or_left_out_with_a_reason(include: Path) -> None:
    package = Path(tvae.__file__).parent
    text = "".join(
        path.read_text() for path in package.glob("*.py") if path.name != "_prototypes.py"
    )
    for noun in ("layer", "model"):
        text = text + text.replace("tvae_{self._noun}_", f"tvae_{noun}_").replace(
            '"get_', f'"tvae_{noun}_get_'
        )
    unused = {
        name
        for name in c_headers.functions(include)
        if f'"{name}"' not in text and f".{name}(" not in text
    }
    assert unused == set(_prototypes.LEFT_OUT)
    assert all(len(reason) > 10 for reason in _prototypes.LEFT_OUT.values())


def test_constants_are_those_of_the_headers(include: Path) -> None:
    declared = c_headers.constants(include)
    prefixes = {
        enums.KernelLevel: "TVAE_KERNEL_",
        enums.WeightOrder: "TVAE_WEIGHT_",
        enums.Boundary: "TVAE_BOUNDARY_",
        enums.Likelihood: "TVAE_LIKELIHOOD_",
        enums.Optimizer: "TVAE_OPTIMIZER_",
        enums.Schedule: "TVAE_SCHEDULE_",
        enums.Split: "TVAE_SPLIT_",
        enums.Transform: "TVAE_TRANSFORM_",
        enums.Factor: "TVAE_FACTOR_",
        enums.Covariances: "TVAE_COVARIANCE_",
        enums.CapCorrChoice: "TVAE_CAPCORR_",
        enums.ActivityMeasure: "TVAE_ACTIVITY_",
        enums.ExchangeType: "TVAE_EXCHANGE_",
    }
    for kind, prefix in prefixes.items():
        members = {prefix + member.name: int(member) for member in kind}
        assert members == {k: v for k, v in declared.items() if k.startswith(prefix)}
    statuses = sorted(v for k, v in declared.items() if k.startswith("TVAE_E_"))
    assert statuses == sorted(errors.BY_STATUS)
    assert declared["TVAE_N_TERMS"] == model.N_TERMS == len(tvae.Terms._fields)
    assert declared["TVAE_N_PARTS"] == trainer.N_PARTS == len(tvae.PartSeconds._fields)
    assert declared["TVAE_N_SPRITE_FACTORS"] == _structures.N_SPRITE_FACTORS


def test_names_of_term_and_part_numbers(include: Path) -> None:
    declared = c_headers.constants(include)
    for prefix, kind in (("TVAE_TERM_", tvae.Terms), ("TVAE_PART_", tvae.PartSeconds)):
        numbers = {k: v for k, v in declared.items() if k.startswith(prefix)}
        assert numbers == {prefix + n.upper(): i for i, n in enumerate(kind._fields)}


def test_members_of_structs_are_those_of_the_headers(include: Path) -> None:
    declared = c_headers.structs(include)
    assert len(declared) > 15
    for name, members in declared.items():
        structure = getattr(_structures, class_name(name))
        assert [field[0] for field in structure._fields_] == members, name


def test_sizes_and_offsets_are_the_compiler_s(include: Path, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to ask for the layout of structs")
    (tmp_path / "tvae").mkdir()
    (tmp_path / "tvae" / "version.h").write_text("")
    lines = []
    wanted = []
    for name, members in c_headers.structs(include).items():
        structure = getattr(_structures, class_name(name))
        lines.append(f'printf("%zu\\n", sizeof({name}));')
        wanted.append(ctypes.sizeof(structure))
        for member in members:
            lines.append(f'printf("%zu\\n", offsetof({name}, {member}));')
            wanted.append(getattr(structure, member).offset)
    program = tmp_path / "layout.c"
    headers = sorted(header.name for header in (include / "tvae").glob("*.h"))
    program.write_text(
        "#include <stdio.h>\n"
        + "".join(f"#include <tvae/{header}>\n" for header in headers)
        + "int main(void) {\n"
        + "\n".join(lines)
        + "\nreturn 0; }\n"
    )
    binary = tmp_path / "layout"
    subprocess.run([compiler, f"-I{include}", f"-I{tmp_path}", program, "-o", binary], check=True)
    printed = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
    assert [int(number) for number in printed.split()] == wanted


def test_version_is_the_library_s(source: Path) -> None:
    assert tvae.__version__ == tvae.version()
    for project in ("meson.build", "bindings/python/meson.build"):
        assert f"version: '{tvae.__version__}'" in (source / project).read_text()
