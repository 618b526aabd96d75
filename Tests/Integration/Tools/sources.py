#!/usr/bin/env python3
"""Writes a small project in C, with a makefile, into a directory: sources.py DIRECTORY [FILES]"""
import os
import sys

directory, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
os.makedirs(directory + "/src", exist_ok=True)
for number in range(count):
    with open(f"{directory}/src/part{number}.h", "w") as file:
        file.write(f"#pragma once\nint part{number}(int value);\n")
    with open(f"{directory}/src/part{number}.c", "w") as file:
        file.write(f'#include "part{number}.h"\n#include <string.h>\n')
        for line in range(50):
            file.write(f"static int step{line}(int value) {{ return value * {line + 3} % 10007 + {number}; }}\n")
        calls = "".join(f" value = step{line}(value);" for line in range(50))
        file.write(f"int part{number}(int value) {{{calls} return value; }}\n")
with open(directory + "/src/main.c", "w") as file:
    file.write("#include <stdio.h>\n" + "".join(f'#include "part{n}.h"\n' for n in range(count)))
    calls = "".join(f" value = part{n}(value);" for n in range(count))
    file.write(f'int main(void) {{ int value = 1;{calls} printf("%d\\n", value); return 0; }}\n')
with open(directory + "/Makefile", "w") as file:
    file.write(
        "OBJECTS := $(patsubst src/%.c,%.o,$(wildcard src/*.c))\nprogram: $(OBJECTS)\n\t$(CC) -o $@ $^\n"
        "%.o: src/%.c\n\t$(CC) -O1 -MMD -c -o $@ $<\n-include $(OBJECTS:.o=.d)\n"
    )
