#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the C file that calls every public function with bad arguments.

    generate.py OUT.c HEADER...

A function whose parameters have no valid values in table.py is an error, so that none can be
added without being called here.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
import headers
import table

FIELD_KINDS = {"size_t": "FIELD_SIZE", "int32_t": "FIELD_INT32", "int64_t": "FIELD_INT64",
               "uint64_t": "FIELD_UINT64", "double": "FIELD_DOUBLE"}
UNIONS = {"int32_t": "i32", "int64_t": "i64", "uint64_t": "u64", "size_t": "size",
          "double": "number"}
ADDERS = {"int32_t": "add_int32", "uint64_t": "add_uint64", "size_t": "add_size",
          "double": "add_double"}
ARRAYS = {"const size_t *": "add_sizes", "const int64_t *": "add_int64s",
          "const float *": "add_floats", "const double *": "add_doubles"}
NUMBERS = {"size_t", "int32_t", "int64_t", "double"}


def field_rows(struct, fields):
    for kind, name, extent in fields:
        if name == "size" or kind == "char":
            continue
        constant = FIELD_KINDS.get(kind, "FIELD_USER" if name == "user" else "FIELD_POINTER")
        endless = "true" if (struct, name) in table.ENDLESS else "false"
        required = "true" if (struct, name) in table.REQUIRED else "false"
        yield f'    {{"{name}", offsetof({struct}, {name}), {constant}, {endless}, {required}}},'


def is_output(function, parameter):
    return parameter.type.endswith("**") and not function.name.endswith("_destroy")


def adder(function, index, structs):
    """The statement that adds a parameter's values."""
    p = function.parameters[index]
    short = function.name.removeprefix("tvae_")
    null = "true" if p.may_be_null or (short, p.name) in table.MAY_BE_NULL else "false"
    valid = table.valid(short, p)
    target = f"&parameters[{index}]"
    if p.type in ADDERS:
        return f"{ADDERS[p.type]}({target}, {valid});"
    if p.type == "int64_t":
        endless = "true" if (short, p.name) in table.ENDLESS else "false"
        return f"add_int64({target}, {valid}, {endless});"
    if p.type == "const char *":
        return f"add_text({target}, {valid}, {null});"
    if p.type in ARRAYS:
        return f"{ARRAYS[p.type]}({target}, {valid}, {null});"
    if p.type in ("tvae_tensor *", "const tvae_tensor *"):
        return f"add_tensor({target}, {valid}, {null});"
    struct = p.type.removeprefix("const ").removesuffix(" *")
    if p.type.startswith("const ") and struct in structs:
        return (f"add_struct({target}, {valid}, sizeof({struct}), fields_of_{struct}, "
                f"sizeof fields_of_{struct} / sizeof fields_of_{struct}[0], {null});")
    if valid is None:  # room for what is written
        valid = f"f.rooms[{index}]"
    return f"add_pointer({target}, (void *)(uintptr_t){valid}, {null});"


def argument(function, index):
    p = function.parameters[index]
    if p.type in UNIONS:
        return f"a[{index}].{UNIONS[p.type]}"
    if is_output(function, p):
        return f"a[{index}].pointer ? &out : NULL"
    return f"a[{index}].pointer"


def call_body(function):
    """The statements of the function that calls it."""
    call = (f"{function.name}"
            f"({', '.join(argument(function, i) for i in range(len(function.parameters)))})")
    outputs = [(i, p) for i, p in enumerate(function.parameters) if is_output(function, p)]
    unused = [] if function.parameters else ["(void)a;"]
    if function.result == "void":
        return unused + [f"{call};", "return (outcome){.number = 0.0};"]
    if function.result in NUMBERS:
        return unused + [f"return (outcome){{.number = (double){call}}};"]
    if function.name.endswith("_retain"):
        kind = function.result.removesuffix(" *")
        return [f"{kind} *kept = {call};", "const bool is_there = kept;", "",
                f"{kind}_destroy(&kept);", "return (outcome){.number = is_there};"]
    if function.result != "tvae_status":
        return unused + [f"return (outcome){{.number = {call} != NULL}};"]
    lines = []
    if outputs:
        kind = outputs[0][1].type.removesuffix(" **")
        lines += [f"{kind} *out = ({kind} *)f.rooms[0];"]
    lines += unused + ["outcome result = {.has_status = true};", "",
                       f"result.status = {call};"]
    if outputs:
        lines += [f"result.output_is_wrong = output_is_wrong(result.status, "
                  f"a[{outputs[0][0]}].pointer, out);",
                  "if (result.status == TVAE_OK)", f"    {kind}_destroy(&out);"]
    return lines + ["return result;"]


def write(out, functions, structs):
    print("/* Written by tests/arguments/generate.py. */\n"
          '#include "arguments.h"\n#include "fixture.h"\n', file=out)
    used = {p.type.removeprefix("const ").removesuffix(" *") for f in functions
            for p in f.parameters if p.type.startswith("const ")}
    for struct in sorted(used & structs.keys()):
        rows = "\n".join(field_rows(struct, structs[struct]))
        print(f"static const struct_field fields_of_{struct}[] = {{\n{rows}\n}};\n", file=out)
    for f in functions:
        adders = [adder(f, i, structs) for i in range(len(f.parameters))] or ["(void)parameters;"]
        print(f"static void prepare_{f.name}(choices *parameters)\n{{", file=out)
        print("\n".join("    " + line for line in adders) + "\n}\n", file=out)
        print(f"static outcome call_{f.name}(const argument *a)\n{{", file=out)
        print("\n".join("    " + line for line in call_body(f)) + "\n}\n", file=out)
    print("const public_function public_functions[] = {", file=out)
    for f in functions:
        short = f.name.removeprefix("tvae_")
        status = table.STATUS.get(short, "TVAE_OK")
        output = "true" if any(is_output(f, p) for p in f.parameters) else "false"
        slow = "true" if short in table.SLOW else "false"
        print(f'    {{"{short}", prepare_{f.name}, call_{f.name}, {len(f.parameters)}, {status}, '
              f'{slow}, {output}, "{table.INNER.get(short, "")}"}},', file=out)
    print("};\nconst size_t n_public_functions = sizeof public_functions / "
          "sizeof public_functions[0];", file=out)


def main():
    functions, structs = [], {}
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        functions += headers.functions(text)
        structs.update(headers.structs(text))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        write(out, functions, structs)


main()
