"""The OpenAPI page against the real server: what it says of answers holds for whatever schemathesis thinks of."""

import asyncio
import sys
from pathlib import Path

import pytest

from ensue.dialects.native import ROUTES
from ensue.store.memory import MemoryStore
from ensue.testing import running

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


@pytest.mark.processes
async def test_every_answer_is_as_described(tmp_path: Path) -> None:
    """No generated request, right or wrong, gets a 5xx, an undocumented status, or a body of another shape."""
    async with running(tmp_path / "data", store=MemoryStore()) as house:
        program = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{house.url}/api/v1/openapi.json",
            *("--header", f"Authorization: Bearer {house.key.token}"),
            *("--exclude-path", "/api/v1/stream"),  # it has no end
            *("--checks", ",".join(CHECKS)),
            *("--phases", "coverage,fuzzing"),
            *("--max-examples", "10"),
            *("--request-timeout", "60"),  # filling a project with a demo takes its time on a busy machine
            "--generation-deterministic",
            "--no-color",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await program.communicate()
    assert program.returncode == 0, output.decode()
    assert f"{len(ROUTES) - 1} passed" in output.decode()
