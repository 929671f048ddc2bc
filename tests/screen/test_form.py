"""The form on a real terminal: the fields of a service, what they mean, and what must not be sent."""


def test_the_form_has_the_fields_of_the_service_and_says_what_they_mean(opened, engine):
    terminal = opened(80, 30)
    terminal.send("A")
    terminal.wait_for("Add a monitor")
    terminal.wait_for("what must hold")  # slow
    assert "HTTP status" not in terminal.text
    terminal.send("https://shop.example.net")
    terminal.wait_for("HTTP status")
    terminal.send("\x1b[Z")  # back over the end: the last field of all
    terminal.wait_for("login in clear")
    terminal.wait_for("only over judged TLS or to this machine")
    terminal.send("\x1b[Z" * 3)
    terminal.wait_for("Never the password itself")
    terminal.send("hunter2\r")
    terminal.wait_for("write env:NAME, file:/path, cred:name or")
    assert "hunter2" not in str(engine.asked)
    terminal.send("\x15")
    terminal.wait_gone("hunter2")
    terminal.send("env:PW")
    terminal.wait_for("env:PW")
    terminal.send("\x1b[Z")
    terminal.wait_for("User name of the login")
    terminal.send("uptime\r")
    terminal.wait_for("added https://shop.example.net")
    login = {"user": "uptime", "password": "env:PW"}
    assert engine.asked[-1].tables == ({"target": "https://shop.example.net", "login": login},)
