from tests.rights.conftest import plant

__all__ = ["plant"]
