"""``poseshift doctor``: what this machine can do, and what to mend."""

from __future__ import annotations

import typer

from poseshift.cli.options import Json


def doctor(json_output: Json = False) -> None:
    """Say device, precision, expected minutes for a run, and mend lines for what is wrong.

    Examples:

        poseshift doctor

        poseshift doctor --json
    """
    import json

    from poseshift.doctor import diagnose

    report = diagnose()
    if json_output:
        typer.echo(json.dumps(report))
        return
    machine = report["hardware"]
    typer.echo(f"device      {report['device']} {', '.join(machine['gpus'])}".rstrip())
    typer.echo(f"machine     {machine['machine']}, {machine['cores']} cores")
    native = "native" if report["native_bf16"] else "not native"
    typer.echo(f"precision   {report['precision']} (bfloat16 is {native} here)")
    typer.echo(
        "versions    " + ", ".join(f"{name} {value}" for name, value in report["versions"].items())
    )
    if report["step_ms"] is not None:
        typer.echo(f"tiny step   {report['step_ms']} ms (96 px, 32 images)")
    for name, minutes in report["expected_minutes"].items():
        typer.echo(f"expect      {minutes} min for {name}")
    if not report["findings"]:
        typer.echo("all well")
    for finding in report["findings"]:
        typer.secho(f"! {finding['problem']}\n  fix: {finding['fix']}", fg="yellow")
