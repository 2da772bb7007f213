"""Ways in which the bytes of a file are damaged."""


def cut_short(data):
    return data[: len(data) // 2]


def flip_a_byte(data):
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


def empty(data):
    return b""
