import socket


def check_address(host, port):
    """Refuses what cannot be listened on, before anything is trained.

    Args:
        host: String.
        port: Integer.

    Raises:
        ValueError: If the port is none, or the address is not this machine's
            or is taken.
    """
    if not 0 < port < 65536:
        raise ValueError(f"`port` must be in 1..65535. Received: port={port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise ValueError(
            f"Nothing can listen on {host}:{port} ({error.strerror or error})."
            " Choose another host or port."
        ) from error
