"""fail2ban's stock filters for servers that the distribution has no package of, or whose package CI does not install:
judged on lines recorded from the server, or as its documentation has them. Each filter is shown an attack as well.
"""

import pytest

from support.fail2ban import matched

PROFTPD_VISIT = """\
2026-11-24 23:01:41,064 vm proftpd[21843] 127.0.0.1 (192.0.2.10[192.0.2.10]): FTP session opened.
2026-11-24 23:01:41,073 vm proftpd[21843] 127.0.0.1 (192.0.2.10[192.0.2.10]): FTP session closed.
"""
PROFTPD_ATTACK = """\
2026-11-24 23:01:53,516 vm proftpd[21965] 127.0.0.1 (192.0.2.66[192.0.2.66]): FTP session opened.
2026-11-24 23:01:56,512 vm proftpd[21965] 127.0.0.1 (192.0.2.66[192.0.2.66]): USER nobodyx: no such user found from \
192.0.2.66 [192.0.2.66] to 127.0.0.1:21021
2026-11-24 23:01:58,512 vm proftpd[21965] 127.0.0.1 (192.0.2.66[192.0.2.66]): FTP session closed.
"""
"""Recorded from ProFTPD 1.3.8 with three probes and one login; the addresses are changed."""

MONGODB_VISIT = """\
2026-11-24T22:00:00.110+0000 I NETWORK  [initandlisten] connection accepted from 192.0.2.10:36336 #334 (1 connection now open)
2026-11-24T22:00:00.111+0000 I NETWORK  [conn334] end connection 192.0.2.10:36336 (0 connections now open)
{"t":{"$date":"2026-11-24T22:00:00.110+00:00"},"s":"I","c":"NETWORK","id":22943,"ctx":"listener","msg":"Connection \
accepted","attr":{"remote":"192.0.2.10:36336","connectionId":334,"connectionCount":1}}
{"t":{"$date":"2026-11-24T22:00:00.112+00:00"},"s":"I","c":"NETWORK","id":22944,"ctx":"conn334","msg":"Connection \
ended","attr":{"remote":"192.0.2.10:36336","connectionId":334,"connectionCount":0}}
"""
MONGODB_ATTACK = """\
2016-10-20T09:54:27.108+0200 [initandlisten] connection accepted from 192.0.2.66:53276 #1 (1 connection now open)
2016-10-20T09:54:27.109+0200 [conn1] Failed to authenticate root@admin with mechanism MONGODB-CR: UserNotFound
2016-10-20T09:54:27.110+0200 [conn1] end connection 192.0.2.66:53276 (0 connections now open)
"""
"""As mongod's documentation has the text and the JSON form of its log; the filter knows the text form only."""

MSSQL_VISIT = """\
2026-11-24 22:00:00.11 Server      SQL Server is now ready for client connections. This is an informational message.
"""
MSSQL_ATTACK = """\
2026-11-24 22:00:00.12 Logon       Login failed for user 'sa'. Reason: Could not find a login matching the name \
provided. [CLIENT: 192.0.2.66]
"""
"""As its documentation has them: a visit that ends before the login is no line of its own."""

CASES = {
    "proftpd": (PROFTPD_VISIT, PROFTPD_ATTACK),
    "mongodb-auth": (MONGODB_VISIT, MONGODB_ATTACK),
    "mssql-auth": (MSSQL_VISIT, MSSQL_ATTACK),
}


@pytest.mark.server
@pytest.mark.parametrize("name", CASES)
def test_fail2ban_counts_an_attack_and_no_probe(name):
    visit, attack = CASES[name]
    assert matched(visit * 100, name) == 0
    assert matched(attack, name) >= 1
