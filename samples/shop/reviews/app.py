"""`reviews`: what readers say of a book, `GET /BOOK`, in Python."""

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam

REVIEWS = {
    "de-architectura": "firm, useful, beautiful",
    "naturalis-historia": "everything, and some of it true",
    "satyricon": "one dinner too long",
}


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        book = (request.path_with_query() or "/").lstrip("/")
        review = REVIEWS.get(book)

        response = OutgoingResponse(Fields.from_list([("content-type", b"text/plain")]))
        if review is None:
            response.set_status_code(404)
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(f"{review or 'not read yet'}\n".encode())
        OutgoingBody.finish(body, None)
