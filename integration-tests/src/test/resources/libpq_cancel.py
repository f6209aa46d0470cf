# SPDX-License-Identifier: Apache-2.0
"""Cancels a statement by libpq's own encrypted cancel request.

Arguments: the library, then the conninfo string. Prints whether the connection was encrypted, the protocol version and the
SQLSTATE the statement ended with.
"""
import ctypes
import sys
import time

library = ctypes.CDLL(sys.argv[1])
conninfo = sys.argv[2].encode()
for name in ("PQconnectdb", "PQcancelCreate", "PQgetResult", "PQexec"):
    getattr(library, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQcancelErrorMessage", "PQresultErrorField", "PQgetvalue"):
    getattr(library, name).restype = ctypes.c_char_p


def connect():
    connection = ctypes.c_void_p(library.PQconnectdb(conninfo))
    if library.PQstatus(connection) != 0:
        sys.exit("login failed: %s" % library.PQerrorMessage(connection))
    return connection


running, watching = connect(), connect()
library.PQsendQuery(running, b"select pg_sleep(60) /* libpq */")
for _ in range(600):
    result = ctypes.c_void_p(library.PQexec(watching, b"select count(*) from pg_stat_activity where wait_event = 'PgSleep'"))
    if library.PQgetvalue(result, 0, 0) == b"1":
        break
    time.sleep(0.05)
cancel = ctypes.c_void_p(library.PQcancelCreate(running))
if library.PQcancelBlocking(cancel) != 1:
    sys.exit("cancel failed: %s" % library.PQcancelErrorMessage(cancel))
result = ctypes.c_void_p(library.PQgetResult(running))
state = library.PQresultErrorField(result, ord("C"))
print("encrypted=%d protocol=%d sqlstate=%s" % (
    library.PQsslInUse(running), library.PQfullProtocolVersion(running), state.decode() if state else "none"))
