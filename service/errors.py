"""Every error that Rasad raises on purpose.

    ServiceError
    +-- SettingsError         a setting has a value that cannot be used
    +-- InputError            something given to read cannot be read at all (missing path, unknown kind)
    +-- FetchError            something on the network cannot be fetched, or may not be
    +-- QueryError            the question is empty, too long or malformed
    +-- NotFound
    |   +-- CollectionNotFound
    |   +-- ArticleNotFound
    |   +-- VersionGone       the index version asked for is no longer kept
    |   +-- KeyNotFound
    |   +-- SearchNotFound    no such saved search, or somebody else's
    |   +-- UploadNotFound
    +-- IndexStateError
    |   +-- IndexMismatch     built with another recipe than this code has
    |   +-- IndexDamaged      a checksum or a length is not what the manifest says
    |   +-- IndexLocked       another process is writing
    |   +-- StorageError      the disk refused: full, read-only, gone
    |   +-- EngineUnavailable the engine that keeps the collections does not answer, or refuses
    |       +-- EngineIncomplete it answers, and not from all it should have
    +-- WorkerLost            a process that prepares articles died
    +-- StateError            the file of keys, saved searches and uploads cannot be used
    +-- ModelError            an encoder cannot be loaded or does not fit
    |   +-- ModelOutOfReach   not on this machine, and the model hub does not answer
    +-- EndpointError         the language model's endpoint fails: never fatal, the quotes stand in

A message says what was wanted, what was found, and the next step.
"""


class ServiceError(Exception):
    """Base of all errors raised on purpose; its message is fit to show to a user."""


class SettingsError(ServiceError):
    """A setting has a value that cannot be used."""


class InputError(ServiceError):
    """Something given to read cannot be read at all."""


class FetchError(ServiceError):
    """Something on the network cannot be fetched, or may not be: private, too large, too slow."""


class QueryError(ServiceError):
    """The question is empty, too long or malformed."""


class NotFound(ServiceError):
    """What was asked for by name does not exist."""


class CollectionNotFound(NotFound):
    """No such collection, or nothing ingested into it yet."""


class ArticleNotFound(NotFound):
    """No such article in the collection."""


class VersionGone(NotFound):
    """The index version asked for is no longer kept."""


class KeyNotFound(NotFound):
    """No such key, or it is revoked."""


class SearchNotFound(NotFound):
    """No such saved search, or somebody else's."""


class UploadNotFound(NotFound):
    """No such upload, or somebody else's."""


class StateError(ServiceError):
    """The file of keys, saved searches and uploads cannot be used."""


class IndexStateError(ServiceError):
    """The index on disk cannot be used as it is."""


class IndexMismatch(IndexStateError):
    """The index was built with another recipe than this code has."""


class IndexDamaged(IndexStateError):
    """A checksum or a length is not what the manifest says."""


class IndexLocked(IndexStateError):
    """Another process is writing to this collection."""


class StorageError(IndexStateError):
    """The disk refused: full, read-only or gone."""


class EngineUnavailable(IndexStateError):
    """The engine that keeps the collections does not answer, or refuses what it was asked for."""


class EngineIncomplete(EngineUnavailable):
    """The engine answers, and not from all the rows that a version has: said, never passed over as nothing found."""


class WorkerLost(ServiceError):
    """A process that prepares articles died; nothing that was published is lost."""


class ClusterError(ServiceError):
    """The cluster that is to prepare articles cannot be used."""


class ModelError(ServiceError):
    """An encoder cannot be loaded or does not fit the index."""


class ModelOutOfReach(ModelError):
    """The model is not on this machine, and the model hub does not answer."""


class EndpointError(ServiceError):
    """The language model's endpoint did not give a whole reply; the extractive answer stands in for it."""
