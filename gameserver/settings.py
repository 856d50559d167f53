"""Django's settings; everything an operator may choose comes from the environment.

======================= ==================================================================
``SECRET_KEY``          else one is made and kept in ``var/secret_key``
``DATABASE_URL``        ``postgres://…``; else SQLite in ``var/``
``REDIS_URL``           ``redis://…`` or ``redis+sentinel://h1:26379,h2:26379/mymaster/0`` joins
                        several workers; else everything stays in one
``JOURNAL_URL``         Redis of the room store, also ``redis+cluster://h1:7000,h2:7001``; else
                        ``REDIS_URL``, else a file in ``var/``
``JOURNAL_REPLICAS``    how many replicas must have a tick before it is told; 1 with Sentinel or
                        Cluster, else 0
``LEASE_S``             seconds of silence after which others take a worker's rooms: 0.5
``ROLE``                ``gateway``: sockets alone; ``host``: rooms alone; ``web``: pages and REST
                        alone; else ``all``
``WEB_PROCESSES``       how many processes a worker on uvicorn starts beside itself, which answer
                        pages and REST instead of it: 0
``WEB_NICE``            how much those stand back behind their worker where both want the same
                        core, 0 to 19: 5
``DRAIN_S``             seconds for which a worker that stops goes on with rooms whose rules no
                        other worker has: 0
``DRAIN_SPREAD_S``      seconds over which it asks its sockets to move: 1
``ALLOWED_HOSTS``       host names, comma separated
``ORIGINS``             full origins that pages may come from, ``https://play.example.org``
``SECURE``              1: served over HTTPS only (cookies, HSTS, redirect)
``NUM_PROXIES``         trusted proxies in front; above 0 their ``X-Forwarded-…`` are believed
``EMAIL_URL``           where mail goes, ``smtp+tls://user:password@host:587``; else the console
``EMAIL_FROM``          from whom it is
``OIDC_SERVER_URL``     an OpenID Connect provider by which people may sign in; none by default
``OIDC_CLIENT_ID``      as it knows this server; its redirect address is
                        ``https://…/external/oidc/login/callback/``
``OIDC_SECRET``         what it shares with this server
``OIDC_NAME``           what people know it by
``DEBUG``               1: error pages with tracebacks, static files re-read at each request
``LOG_LEVEL``           ``INFO`` by default
``EVERTICK_TITLES``     titles outside this tree: dotted paths of ``Game`` classes
``EVERTICK_CHAT_FILTER`` dotted path of a function that is given what somebody says and returns
                        what others read, or None: ``lobby.words.masked`` (``lobby/words.py``)
``EVERTICK_PREFIX``     what all keys and channels in Redis begin with
``EVERTICK_SILENT_S``   seconds without a report after which a slow socket is closed
``EVERTICK_THROTTLE``   ``off``: no REST throttling, for load tests
``EVERTICK_VAR``        the folder for SQLite, the secret key and archived journals
``ARCHIVE``             0: journals are not archived, and no match can be played again
``JOURNAL_DAYS``        days for which the journal of a match is kept: 30; 0: for ever
``JOURNALS_STORAGE``    a storage class for them; else files in ``var/journals``
``JOURNALS_OPTIONS``    its options, as JSON
``SEASON``              what leaderboards begin anew with: ``month``, ``quarter``, ``year``; or
                        ``none``
======================= ==================================================================
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.conf import global_settings

from games import limits
from gameserver.secretkey import secret_key
from gameserver.sentinel import PrimaryPool, is_sentinel, layer_host

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

VAR_DIR = Path(env.str("EVERTICK_VAR", default=str(BASE_DIR / "var"))).resolve()

DEBUG = env.bool("DEBUG", default=False)
SECURE = env.bool("SECURE", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ORIGINS = env.list("ORIGINS", default=[])
REDIS_URL = env.str("REDIS_URL", default="")
KEY_PREFIX = env.str("EVERTICK_PREFIX", default="evertick")
NUM_PROXIES = env.int("NUM_PROXIES", default=0)

EVERTICK = {
    "REDIS_URL": REDIS_URL,
    "KEY_PREFIX": KEY_PREFIX,
    "JOURNAL_URL": env.str("JOURNAL_URL", default=REDIS_URL),
    "JOURNAL_REPLICAS": env.int("JOURNAL_REPLICAS", default=None),
    "JOURNAL_PATH": VAR_DIR / "rooms.sqlite3",
    "LEASE_S": env.float("LEASE_S", default=limits.LEASE_S),
    "ROLE": env.str("ROLE", default="all"),
    "WEB_PROCESSES": env.int("WEB_PROCESSES", default=0),
    "WEB_NICE": env.int("WEB_NICE", default=5),
    "DRAIN_S": env.float("DRAIN_S", default=0.0),
    "DRAIN_SPREAD_S": env.float("DRAIN_SPREAD_S", default=limits.MOVE_SPREAD_S),
    "ARCHIVE": env.bool("ARCHIVE", default=True),
    "JOURNAL_DAYS": env.int("JOURNAL_DAYS", default=30),
    "ORIGINS": ORIGINS,
    "SILENT_READER_S": env.float("EVERTICK_SILENT_S", default=limits.SILENT_READER_S),
}
"""What sockets and rooms need to know; ``REDIS_URL`` is empty where there is one worker only."""

EVERTICK_CHAT_FILTER = env.str("EVERTICK_CHAT_FILTER", default="lobby.words.masked")

EVERTICK_TITLES = env.list("EVERTICK_TITLES", default=[])

INSTALLED_APPS = [
    "daphne",  # before staticfiles: its runserver speaks WebSockets
    "gameserver.apps.GameserverConfig",
    "lobby.apps.LobbyConfig",
    "games.apps.GamesConfig",
    "channels",
    "rest_framework",
    "knox",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "gameserver.middleware.StaticFiles",
    "gameserver.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "gameserver.urls"
ASGI_APPLICATION = "gameserver.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    "timeout": 20,  # seconds a writer waits for the other writer
    # Take the write lock at the start: a transaction that reads first and writes later would
    # otherwise fail at once with "database is locked", whatever the timeout.
    "transaction_mode": "IMMEDIATE",
    # WAL: readers do not wait for the writer. NORMAL survives the process, not a power cut.
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA journal_size_limit=67108864;PRAGMA mmap_size=134217728;PRAGMA cache_size=-20000;"
    ),
}
POSTGRESQL_OPTIONS = {
    # Connections are shared by the threads of a worker instead of one kept by each.
    "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
}

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'evertick.sqlite3'}")}
_database = DATABASES["default"]
_engine = _database.get("ENGINE")  # none, if the address makes no sense; gameserver.checks says so
if _engine == "django.db.backends.sqlite3":
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    _database["OPTIONS"] = SQLITE_OPTIONS | _database.get("OPTIONS", {})
elif _engine == "django.db.backends.postgresql":
    _database["OPTIONS"] = POSTGRESQL_OPTIONS | _database.get("OPTIONS", {})
    _database["CONN_MAX_AGE"] = 0  # the pool keeps connections, Django must not as well

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Files ------------------------------------------------------------------------------------

JOURNALS_STORAGE = env.str("JOURNALS_STORAGE", default="")
STORAGES = {
    **global_settings.STORAGES,
    "journals": {
        "BACKEND": JOURNALS_STORAGE,
        "OPTIONS": env.json("JOURNALS_OPTIONS", default={}),
    }
    if JOURNALS_STORAGE
    else {
        "BACKEND": "gameserver.storage.WholeFileStorage",
        "OPTIONS": {"location": VAR_DIR / "journals"},
    },
}

# --- Between workers --------------------------------------------------------------------------

if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                # redis-py 8 gives up reading after 5 s, but a quiet subscription is no fault.
                "hosts": [{**layer_host(REDIS_URL), "socket_timeout": None}],
                "prefix": KEY_PREFIX,
                "capacity": limits.ROOM_QUEUE_MAX,
            },
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "gameserver.cache.Cache",
            "LOCATION": [REDIS_URL],  # as text it would be parted at commas
            "KEY_PREFIX": f"{KEY_PREFIX}:cache",
            "OPTIONS": {"pool_class": PrimaryPool} if is_sentinel(REDIS_URL) else {},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": limits.ROOM_QUEUE_MAX},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "KEY_PREFIX": f"{KEY_PREFIX}:cache",
            # Three keys for everybody who is here, besides what is counted; of more than this a
            # third would be thrown out, the newest as well.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

# --- Accounts ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "lobby.User"
AUTHENTICATION_BACKENDS = [
    "lobby.backends.LockOut",  # first: it lets no more tries through than there may be
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds; the mail says so
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_ENGINE = "lobby.sessions"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105 # as it is by default; migrations ask for it by this name
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=30),
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": 20,
}

# Of allauth we use the dance with a provider, and the table of who has which address. Its pages are
# not among ours: lobby.external says where people go instead.
ACCOUNT_ADAPTER = "lobby.external.Accounts"
ACCOUNT_EMAIL_VERIFICATION = "none"  # lobby.services.emails does it
SOCIALACCOUNT_ADAPTER = "lobby.external.Externals"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": []}}
if OIDC_SERVER_URL := env.str("OIDC_SERVER_URL", default=""):
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "oidc",
            "name": env.str("OIDC_NAME", default="OpenID Connect"),
            "client_id": env.str("OIDC_CLIENT_ID", default=""),
            "secret": env.str("OIDC_SECRET", default=""),
            "settings": {"server_url": OIDC_SERVER_URL, "oauth_pkce_enabled": True},
        }
    ]

# --- Mail -------------------------------------------------------------------------------------

globals().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Evertick <noreply@localhost>")

# --- Ratings ----------------------------------------------------------------------------------

RATINGS = {"SEASON": env.str("SEASON", default="month")}
"""What a season is: `month`, `quarter`, `year`, or `none`. After a change `manage.py
ratings_rebuild` sorts what was played before into the new ones."""

# --- HTTP -------------------------------------------------------------------------------------

CSRF_TRUSTED_ORIGINS = ORIGINS
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # the largest form is a few hundred bytes
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if NUM_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if SECURE:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked over plain HTTP, from inside
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "gameserver.staticfiles.TitleFinder",
]
# The worker serves them as found; collectstatic is for a proxy that serves STATIC_ROOT itself.
WHITENOISE_USE_FINDERS = True
# Without collectstatic, files are looked up at each request: else WhiteNoise answers a file that
# its author has just saved with the length it had at start, and the browser gets half of it.
WHITENOISE_AUTOREFRESH = DEBUG or not STATIC_ROOT.is_dir()
WHITENOISE_MAX_AGE = 0 if WHITENOISE_AUTOREFRESH else 60  # seconds; 0: asked each time, sent if new

# --- REST -------------------------------------------------------------------------------------

THROTTLE_RATES: dict[str, str | None] = {
    "guest": "30/hour",
    "login": "10/min",
    "mail": "10/hour",
    "export": "10/hour",
    "write": "120/min",
    "read": "600/min",
    "ticket": "60/min",
    "matchmaking": "30/min",
}
if env.str("EVERTICK_THROTTLE", default="on") == "off":
    THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "knox.auth.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "lobby.api.pagination.Pages",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": THROTTLE_RATES,
    "EXCEPTION_HANDLER": "lobby.api.errors.exception_handler",
    "NUM_PROXIES": NUM_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Evertick",
    "DESCRIPTION": "Accounts, lobbies, matches, and the ticket that opens a room's socket.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- The rest ---------------------------------------------------------------------------------

TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Django's own handlers would print a second time, or mail.
        "django": {"handlers": [], "propagate": True},
        # Each listening address and socket; a worker says where it listens itself.
        "daphne": {"level": "WARNING"},
        "channels_redis": {"level": "WARNING"},
    },
}
