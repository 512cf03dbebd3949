"""`benchsuite completion`: the script that makes a shell complete commands and names."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: eval "$(benchsuite completion bash)" in ~/.bashrc
    zsh:  eval "$(benchsuite completion zsh)" in ~/.zshrc
    fish: benchsuite completion fish > ~/.config/fish/completions/benchsuite.fish
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from click.shell_completion import shell_complete

    root = ctx.find_root()
    shell_complete(root.command, {}, "benchsuite", "_BENCHSUITE_COMPLETE", f"{shell}_source")
