"""The subcommands that ask: each module is one, see `lacuna.command`."""
