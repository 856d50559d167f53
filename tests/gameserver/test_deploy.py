"""What `deploy/` holds, as far as it can be held against the project without running it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.template.loader import render_to_string

from gameserver.cluster import parts
from tests.services import ROOT, free_port

DEPLOY = ROOT / "deploy"


def names_of_settings() -> set[str]:
    text = (ROOT / "gameserver" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\("([A-Z_]+)"', text))


def servers(name: str) -> list[str]:
    return re.findall(r"^server (\S+) ", (DEPLOY / name).read_text(), re.MULTILINE)


def test_the_example_environment_names_settings_that_there_are() -> None:
    text = (DEPLOY / "evertick.env.example").read_text()
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) <= names_of_settings()


def test_compose_names_settings_that_there_are_and_the_workers_that_nginx_asks() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    workers = sorted(name for name in services if name.startswith("worker"))
    assert servers("evertick-workers-compose.conf") == [f"{name}:8000" for name in workers]
    web = sorted(name for name in services if name.startswith("web"))
    assert servers("evertick-web-compose.conf") == [f"{name}:8000" for name in [*web, *workers]]
    assert all(services[name]["environment"]["ROLE"] == "web" for name in web)
    for name in [*web, *workers]:
        assert set(services[name]["environment"]) <= names_of_settings()
    assert all((DEPLOY / file).is_file() for file in mounted(services["nginx"]["volumes"]))


def test_workers_stand_in_for_web_processes() -> None:
    """Each worker of the one list is a backup in the other."""
    text = (DEPLOY / "evertick-web.conf").read_text()
    backups = re.findall(r"^server (\S+) .*backup;", text, re.MULTILINE)
    assert backups == servers("evertick-workers.conf")
    assert set(servers("evertick-web.conf")) - set(backups)


def mounted(volumes: list[str]) -> list[str]:
    """Files of the project that are shown to a container; the certificate is not among them."""
    return [volume.partition(":")[0] for volume in volumes if ".conf:" in volume]


def test_both_nginx_files_say_the_same_of_what_matters() -> None:
    ours = render_to_string(
        "gameserver/cluster/nginx.conf",
        {"folder": "/x", "listen": "1", "ports": [8001], "web": [8002]},
    )
    theirs = (DEPLOY / "nginx.conf").read_text()
    wanted = r"^\s*((?:hash|proxy_(?:http|set|connect|send|read)\w*|client_max\w*) .*;)"
    said = sorted(re.findall(wanted, ours, re.MULTILINE))
    assert said == sorted(re.findall(wanted, theirs, re.MULTILINE))
    assert "hash $uri consistent;" in said


@pytest.mark.skipif(
    not (parts.nginx_program() and shutil.which("openssl")), reason="there is no nginx, or openssl"
)
def test_nginx_understands_its_file(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], capture_output=True, check=True)
    site = (DEPLOY / "nginx.conf").read_text().replace("/etc/nginx/tls", str(tmp_path))
    site = re.sub(r"listen \[.*\n", "", site)  # not every machine has IPv6
    site = re.sub(r"listen \d+", lambda _: f"listen 127.0.0.1:{free_port()}", site)
    for name in ("evertick-workers.conf", "evertick-web.conf"):
        shutil.copy(DEPLOY / name, tmp_path)
    config = tmp_path / "nginx.conf"
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {temporary}\n{site} }}")
    command = [str(parts.nginx_program()), "-e", "stderr", "-t", "-p", tmp_path, "-c", config]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
