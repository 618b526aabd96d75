#!/usr/bin/env python3
"""Speaks TLS in front of a server that does not: tls_proxy.py CERTIFICATE KEY TARGET-PORT PORT-FILE"""

import socket
import ssl
import sys
import threading


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(connection, context, port):
    try:
        client = context.wrap_socket(connection, server_side=True)
    except OSError:
        return  # the client does not trust the certificate
    server = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


certificate, key, target, file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0))
with open(file, "w") as out:
    out.write(str(listener.getsockname()[1]))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], context, int(target)), daemon=True).start()
