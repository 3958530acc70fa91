"""Every setting, and the only reader of environment variables.

Without DEVELOPMENT=1 the project is in production: it wants a real secret, named hosts and HTTPS.
"""

import re
from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# What `manage.py up` noted down in a developer's checkout. Production has its own secret and never gets here.
if "SECRET_KEY" not in env.ENVIRON:
    env.read_env(BASE_DIR / ".local" / "env")
for name, what in (("SECRET_KEY", "The secret"), ("DATABASE_URL", "Postgres"), ("REDIS_URL", "Valkey")):
    if name not in env.ENVIRON:
        raise ImproperlyConfigured(f"{what} is not configured: set {name} or start bin/up.")

DEVELOPMENT = env.bool("DEVELOPMENT", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
if not DEVELOPMENT and (DEBUG or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured("Production runs with DEBUG off and a SECRET_KEY of at least 50 characters.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
# What the links in mail begin with.
PUBLIC_URL = env.str(
    "PUBLIC_URL", default=f"http://localhost:{env.str('PORT', default='8000')}" if DEVELOPMENT else ""
).rstrip("/")
if not re.fullmatch(r"https?://[^/\s]+" if DEVELOPMENT else r"https://[^/\s]+", PUBLIC_URL):
    raise ImproperlyConfigured(
        "Set PUBLIC_URL to the address of the site, such as https://switchyard.example.org."
    )
CSRF_FAILURE_VIEW = "marketplace.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies in front of the site may be believed about the visitor's address and scheme.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "rest_framework",
    "template_partials",
    "accounts",
    "listings",
    "matching",
    "market",
    "marketplace",
]

MIDDLEWARE = [
    "marketplace.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "marketplace.compression.CompressPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "common.logs.RequestLogMiddleware",
    "accounts.middleware.ReaderMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "common.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "accounts.context.reader",
            ],
        },
    }
]

# --- Postgres and Valkey -----------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "connect_timeout": 2,
    "application_name": "switchyard",
    # The last one lets go of the locks of a process that hangs in the middle of a transaction.
    "options": f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', default=5000)} -c lock_timeout=3000"
    " -c idle_in_transaction_session_timeout=10000",
}
# A pool suits the threads of the web process. Celery closes one around every task: workers keep connections.
if env.bool("DATABASE_POOL", default=False):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 12, "timeout": 3}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = env.str("REDIS_URL")
# A whole-market run ranks so many posts in one transaction; whoever posts meanwhile waits for it to end.
RUN_POSTS_AT_ONCE = env.int("RUN_POSTS_AT_ONCE", default=500)
if RUN_POSTS_AT_ONCE < 1:
    raise ImproperlyConfigured("Set RUN_POSTS_AT_ONCE to 1 or more: with less, no run would ever end.")
CELERY_DB_REUSE_MAX = 1000  # tasks before Celery closes the connection; else it reconnects around each task
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Counts requests a minute. It may vanish at any time; never clear() it, for the queue lives there too.
    "counters": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CELERY_BROKER_URL.replace("redis+socket://", "unix://"),  # Celery's word for a socket
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    },
}
API_REQUESTS_PER_MINUTE = {
    "principal": env.int("API_REQUESTS_PER_MINUTE", default=600),
    "visitor": env.int("API_REQUESTS_PER_MINUTE_VISITOR", default=60),
}

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:start"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEVELOPMENT else "https"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Whoever finds an open browser changes neither address nor second factor: these ask for the password again.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT  # passkeys on http://localhost
MFA_TOTP_ISSUER = "Switchyard"
MFA_FORMS = {"add_webauthn": "accounts.forms.PasskeyForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT

EMAIL_TIMEOUT = 10
if DEVELOPMENT:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = env.path("EMAIL_FILE_PATH", default=BASE_DIR / ".local" / "mail")
else:
    vars().update(env.email_url("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Switchyard <noreply@localhost>")

# --- Web ---------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
SECURE_REFERRER_POLICY = "same-origin"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = None if DEVELOPMENT else env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# --- REST --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.SessionReaderAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.MayWrite"],
    "DEFAULT_RENDERER_CLASSES": ["common.renderers.ExactJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.pages.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttles.PerPrincipal"],
    "DEFAULT_SCHEMA_CLASS": "common.schema.MarketSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "common.problems.problem",
    "NUM_PROXIES": TRUSTED_PROXY_COUNT,
    "COERCE_DECIMAL_TO_STRING": True,
    "UNICODE_JSON": True,
    "STRICT_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Switchyard API",
    "VERSION": "1",
    "DESCRIPTION": "Post convertible megawatts, GPUs and capacity requests; read scored, explained matches.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "Country": "listings.api.words.COUNTRIES",
        "Opening": "listings.api.posts.OPENINGS",
        "Move": "listings.api.posts.MOVES",
        "OrganizationKind": "accounts.vocabulary.Kind",
        "TeaserFace": [("teaser", "Teaser")],
        "FullFace": [("full", "Full")],
        "ReserveFace": [("reserve", "Owner's")],
        **{
            name: f"listings.vocabulary.{name}"
            for name in (
                "BuildStage",
                "Compliance",
                "Cooling",
                "Credit",
                "Delivery",
                "Fabric",
                "Grid",
                "LeaseBasis",
                "PostType",
                "Redundancy",
                "RequestKind",
                "Status",
            )
        },
    },
}

# --- Logs --------------------------------------------------------------------------------------

LOG_JSON = env.bool("LOG_JSON", default=not DEVELOPMENT)
_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
]
_FOR_MACHINES = [
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    structlog.processors.JSONRenderer(),
]
_FOR_PEOPLE = [
    structlog.dev.ConsoleRenderer(
        colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_FOR_MACHINES if LOG_JSON else _FOR_PEOPLE),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # The bell rings every few seconds: a ring is no news.
    "loggers": {
        "celery": {"level": "WARNING"},
        "celery.apps.worker": {"level": "INFO"},
        "django_structlog.celery": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # scanners knock at every address
    },
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # the request's id goes along to the worker
structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
