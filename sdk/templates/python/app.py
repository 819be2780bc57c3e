"""Greets whoever asks: `GET /NAME`.

`insula dev` serves it, `insula build` makes target/{{name}}.wasm of it with componentize-py, which imports this module
once and keeps its memory. What it imports of the outside stands in wit/world.wit.
"""

import os
from urllib.parse import unquote

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        # The word is the variable GREETING of deploy.yaml.
        word = os.environ.get("GREETING", "Hello")
        path, _, _ = (request.path_with_query() or "/").partition("?")
        text = f"{word}, {unquote(path[1:]) or 'world'}!\n"

        response = OutgoingResponse(Fields.from_list([("content-type", b"text/plain; charset=utf-8")]))
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(text.encode())
        OutgoingBody.finish(body, None)
