"""Plays a person at a terminal: runs a command on a pseudo-terminal and answers its questions.

    terminal.py ANSWERS COMMAND…     ANSWERS is JSON: [["a regular expression", "the answer"], …]

Each question is answered as often as it is asked; the answer "{word}" is the word of the shown phrase with the question's number.
Prints what the terminal showed, and ends as the command ends.
"""

import json
import os
import pty
import re
import sys

answers = [(re.compile(pattern), answer) for pattern, answer in json.loads(sys.argv[1])]
process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown, answered = "", 0
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the other side is gone
        break
    if not piece:
        break
    shown += piece.decode(errors="replace")
    for pattern, answer in answers:
        found = pattern.search(shown, answered)
        if found:
            answered = found.end()
            if answer == "{word}":
                rows = re.findall(r"^  ((?:[a-z]+ ){5}[a-z]+)\r?$", shown, re.M)
                answer = " ".join(rows).split()[int(found.group(1)) - 1]
            os.write(terminal, (answer + "\n").encode())
            break
print(shown.replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
