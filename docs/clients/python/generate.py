"""Makes hindcast/stubs from tick_ingest.proto with grpcio-tools: `python generate.py [tick_ingest.proto]`."""

import pathlib
import re
import sys

from grpc_tools import protoc

here = pathlib.Path(__file__).resolve().parent
in_the_repository = here / "../../../libs/contracts/proto/tick_ingest.proto"


def generate(proto: pathlib.Path, stubs: pathlib.Path) -> None:
    stubs.mkdir(parents=True, exist_ok=True)
    arguments = ["protoc", f"-I{proto.parent}", f"--python_out={stubs}", f"--grpc_python_out={stubs}", str(proto)]
    if protoc.main(arguments) != 0:
        raise SystemExit(f"protoc could not read {proto}")
    (stubs / "__init__.py").write_text("")
    # protoc writes for the top of the path; these modules lie in a package.
    service = stubs / "tick_ingest_pb2_grpc.py"
    service.write_text(re.sub(r"^import tick_ingest_pb2", "from . import tick_ingest_pb2", service.read_text(), flags=re.M))


if __name__ == "__main__":
    proto = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else in_the_repository).resolve()
    generate(proto, pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here / "hindcast" / "stubs")
