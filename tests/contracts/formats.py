"""What is stored and sent, in literal values: the formats that no later version may change.

The values are those of the story (`story.py`) under the secret of the tests, its clock and
its dice. A value that changes here signs people out, voids second factors, breaks a chain
or makes a row unreadable in production: keep the format, or migrate what is stored.
"""

COOKIES = {
    # "1", granted categories, seconds in base 36, number of the record, HMAC-SHA-256.
    "consent of refusal": "1..tow640.AQEBAQEBAQEBAQEB.m3FZaW6Y7XMqcZHstWdD6Q",
    "consent of withdrawal": "1..tow640.BAQEBAQEBAQEBAQE.1u3vi26L8auRb5DH9ScpsQ",
    # The day, 24 random digits, a keyed BLAKE2b.
    "visitor of grant": "20261122060606060606060606060606f4f9c7c21ea64cb4",
    "theme of grant": "dark",
    # Flask's: {"key": "DAwM…"}, the second, HMAC-SHA-1.
    "session of buyer": (
        ".eJyrVspOrVSyUnJxLPclEivVAgDCmRDa.awKS8A.gFZjaeZhwqesWQtKmGcKmfAfilQ"
    ),
    "remember_token of buyer": "DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
    # The second hop of an erasure holds the cookie to come.
    "hop of erasure": (
        ".eJxTMtTTK8kvNzMx0HMKDHVDxnqRVaaFbvGpRrm-LoURRWYpbiHejgGOSgB86A8Z.awKS8A."
        "AVTn6i4I_xermql6LaKp3ig0Bac"
    ),
}
TOTP = {
    "buyer": "MZ3HXPQZZIACYW6EPRFZHYURBRMXKPQW",
    "staff": "DYLMELYLYIU4PIBE6SEXQGITDLYEWNDN",
}
RECOVERY_CODE = "bwfv-pzts-29f4"
MESSAGE_ID = "<b3ad3a3597bdd692d27c230adc8f68a6@localhost.invalid>"
"""Of the email that asks to confirm another address: a second copy is known by it."""

NETWORK = "293098b8bfa147ae692cb428d696c9ec394b0945f41bf3d332e61f75cea53cf5"
THROTTLE = {
    ("sign in, account", "bolat@example.kz"): (
        "f1e8b9a0a43adc11f591ae71d219cce14540bf8c79e93e45a43bb36d1e702c7e"
    ),
    ("sign in, account", "yerlan@example.kz"): (
        "a02e64d43aab7883b8b71059381efce868fa6b2b0153257c10d48631ad4a39ed"
    ),
    ("sign in, network", "127.0.0.0/24"): (
        "78fabdf77cac2beeafdd45c0605d8ec876dec821ef9ce45a6a8b1d8874b1d0ba"
    ),
    ("sign in, everybody", "everybody"): (
        "ad30cd420f300944a338f9d9b5730ab8f5ca039a5e2e32e5cb4f2b680cee604e"
    ),
    ("code, minutes", "1"): (
        "e51503129bffeb135cc894f23472022d308b4310e7816e30d5094a01889e3d7f"
    ),
    ("code, hour", "1"): "cc9fbf6cee429d03ecde189080907aa2df1b83e8ec0ec1cacdaa84ec4552b342",
    ("code, day", "1"): "23465b034c54231d45bd4e9926272dedbd85c454aa3769430d23460aa0072382",
    ("letter to confirm", "aigerim@example.kz"): (
        "9e4e2c326c5560abb8042503e449709d9dfa6413ef0626253b28428ce56c5d22"
    ),
    ("letter to remind", "bolat@example.kz"): (
        "4ebb0af2c1c3b20b74399c4c339284839d99f0ffa1f8baa67b3b26bf8a375ccb"
    ),
    ("letter to reset", "guest@example.kz"): (
        "fcb04abbfef371f2cc46562928cc338b7b3eccdf895401095da512ce4fb0c2ae"
    ),
    ("letters, network", "127.0.0.0/24"): (
        "167b59d952cd657da9d39704f572774e0cf7c765f86b1f5c6ce982ba4a7c12e0"
    ),
    ("avatar", "1"): "3b2985f73333168961aa6b0c604debef40745a0a598641e8b6b357984c00b30b",
    ("e-mail change", "1"): (
        "20e04f1e169af52ea38163f1a984d754536bdc98900cff1819e11425c308c17c"
    ),
}
"""The key of each count, by the name of its limit and whom it counts."""

AIGERIM_HASH = "132d8174b309bc5cf5e6a4c770213e598447b6bc4ab011c331691939a24b5bc9"
SECRET_NAME = "94790b7a3b964d75"
NONCES = (
    "a701a3d364fb7906ac7ba15dba2d7e25e8e9a3832a1b59f1fa7d2b8b9950c309",
    "d627abe4f68c041af4394fff9d46c142b551103b3abc91c349717043f0f3d35f",
)
ROWS: dict[str, list[tuple[object, ...]]] = {
    "SELECT id, kind, email, email_key, phone, language FROM person": [
        (1, "account", "aigerim@example.kz", "aigerim@example.kz", "+77010000001", "ru")
    ],
    "SELECT search, sort FROM person": [
        (
            "пример айгерим aigerim@example.kz +77010000001 77010000001",
            (
                "\U0010ff16\U0010ff17\U0010ff0c\U0010ff11\U0010ff08\U0010ff17 "
                "\U0010ff01\U0010ff0d\U0010ff05\U0010ff08\U0010ff17\U0010ff0c\U0010ff11"
            ),
        )
    ],
    "SELECT purpose, person, target, digest FROM token": [
        (
            *("confirm e-mail", 1, None),
            "5999c33606503c17847dc8b9713c7201e687c7064833336e1a59dbb2647e7b72",
        ),
        (
            *("change e-mail", 1, 2),
            "bfe287888b6cfd1c839f03328293c7a04b861eb2e134d0a8d977097a39f57b1a",
        ),
        (
            *("secure account", 2, None),
            "d9b0582f8d3acef4d433a6f7019a51169da29b2dd75a829efce85561d8d139c2",
        ),
        (
            *("secure account", 2, None),
            "7fdbe3c0e6773959ffe246b80a816ebd5f8315b0cb49f2900a168d98eace25d6",
        ),
        (
            *("reset password", 2, None),
            "6b7d5c84a08f9f51e4c521bf8763acb9b7a5d2b6927810d42d346d60b703a0c1",
        ),
    ],
    "SELECT person, digest, remember_digest FROM sign_in": [
        (
            1,
            "5be5930a782c4ef995543fe10853ae234d10967b7d88de401cb68d6c40bff7ed",
            "30a47986a2a16a913f1cc94160fd2b0ec104c6af9ce9032066175bd977390804",
        ),
        (4, "ec45091e3f069b6fa559a02e3e74dbebde40db5c2b5ae3b5652d94432eddaa70", None),
    ],
    "SELECT person, device, network FROM known_device": [
        (1, "Firefox, Linux", NETWORK),
        (2, "Safari, iPhone", NETWORK),
    ],
    "SELECT person, nonce, made_with, mask, last_step FROM second_factor": [
        (1, NONCES[0], SECRET_NAME, None, 59844360),
        (4, NONCES[1], SECRET_NAME, None, 59844360),
    ],
    "SELECT person, nonce, made_with, mask FROM recovery_code": [
        (1, "0d" * 32, SECRET_NAME, None)
    ],
    "SELECT key FROM throttle_count": [(key,) for key in THROTTLE.values()],
    "SELECT person, form, purpose, method, ends, email_hash FROM consent_evidence": [
        (1, "registration", "4.1.6", "box ticked", None, AIGERIM_HASH),
        (1, "registration", "4.1.9", "box ticked", None, AIGERIM_HASH),
        (1, "registration", "4.1.9", "button pressed", 2, AIGERIM_HASH),
    ],
    "SELECT public_id, granted, refused, source, language, replaces FROM consent_record": [
        ("AQEBAQEBAQEBAQEB", "", "preferences,statistics,marketing", "page", "ru", None),
        ("AgICAgICAgICAgIC", "preferences,statistics,marketing", "", "page", "ru", None),
        (
            *(
                "BAQEBAQEBAQEBAQE",
                "",
                "preferences,statistics,marketing",
                "withdrawal",
                "ru",
            ),
            "AwMDAwMDAwMDAwMD",
        ),
    ],
    "SELECT category, outcome FROM consent_count": [
        (category, outcome)
        for category in ("all", "preferences", "statistics")
        for outcome in ("accepted", "rejected", "withdrawn")
    ],
    "SELECT kind, key, language, headers, state, attempts FROM letter": [
        (
            *("accounts.confirm", "accounts.confirm:CgoKCgoKCgoKCgoKCgoKCgoK"),
            *("ru", "{}", "kept", 0),
        ),
        (
            *("accounts.email_confirm", "accounts.email_confirm:FxcXFxcXFxcXFxcXFxcXFxcX"),
            *("ru", "{}", "kept", 0),
        ),
        ("staff.invitation", "staff.invitation:6", "ru", "{}", "kept", 0),
    ],
    "SELECT person, kind FROM security_event": [
        *((1, "registered"), (1, "confirmed"), (1, "signed in"), (1, "code refused")),
        *((1, "second factor on"), (1, "e-mail change asked"), (2, "e-mail changed")),
        *((2, "new device"), (2, "reset asked"), (3, "account blocked")),
        *((3, "sign-in refused"), (4, "password reset")),
    ],
    "SELECT operation, actor_kind, actor, person, what, why FROM processing_event": [
        ("collection", "person", 1, 1, "registration", "4.1.6"),
        ("collection", "person", 1, 1, "picture of the account", "4.1.2"),
        ("recording", "person", 1, 1, "consent 2 withdrawn", "4.1.9"),
        ("alteration", "person", 2, 2, "e-mail changed", "4.1.5"),
    ],
    "SELECT staff, action, operation, person FROM staff_action": [
        *((None, "staff.given", "alteration", 4), (None, "staff.invited", "use", 4)),
        *((4, "people.searched", "retrieval", None), (4, "people.opened", "access", 1)),
        *((4, "people.blocked", None, 3), (4, "journal.exported", "retrieval", None)),
    ],
    "SELECT person, permission FROM staff_grant": [
        *((4, "statistics"), (4, "orders"), (4, "content"), (4, "privacy"), (4, "staff"))
    ],
    "SELECT person, name FROM photo": [(1, "0e" * 16)],
}
"""Rows that the story must leave, at least: the columns that other rows or code go by."""

WORDS = """
collection recording systematisation accumulation storage updating alteration retrieval \
use dissemination provision access depersonalisation blocking deletion destruction
person staff system operator
registered; confirmed; signed in; sign-in refused; code refused; new device; signed out; \
sessions ended; proved again; password changed; password reset; reset asked; \
second factor on; second factor off; recovery codes made; recovery code used; \
reported as not me; e-mail change asked; e-mail changed; e-mail change undone; \
details changed; account blocked; account unblocked; shut out; second factor reset
4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.1.6 4.1.7 4.1.8 4.1.9 4.1.10
statistics orders content privacy staff
queued handing sent kept refused unsure
guest account
ru kk en
auto light dark
necessary preferences statistics marketing
banner page signal withdrawal expiry
shown accepted rejected partly withdrawn
operator restatement
editorial; material; new purpose
path entry source referrer country browser os device status method bot reason consent \
loyalty missing
local production
""".strip().splitlines()
"""Words that columns, cookies or the environment hold: a line for each enumeration.

Operations (1.1.3), who acted, events of an account, purposes (section 4), permissions,
states of an email, kinds of people, languages, themes, how a consent came about,
categories, what is counted of consents, whose words an edition holds, what a change of it
means, dimensions of the roll-ups, `NEUPUSTI_MODE`.
"""

EMAIL_TYPES = (
    "blocked code_spent confirm email_changed email_confirm email_undone email_used "
    "existing factor_off factor_on factor_reset locked new_device password_changed reset "
    "still_blocked unblocked unknown withdrawn codes_made"
)
STAFF_EMAIL_TYPES = "invitation many_people permitted"
STAFF_ACTIONS = (
    "access.exported access.unmasked journal.exported mail.opened people.blocked "
    "people.confirmation_sent people.factor_reset people.opened people.released "
    "people.searched people.signed_out staff.given staff.invited "
    "staff.signed_out staff.taken"
)
COOKIE_NAMES = "session consent remember_token theme visitor"
SETTINGS = (
    "MODE INSTANCE SECRET_KEY SECRET_KEYS_OLD DATABASE_URL ACCESS_DATABASE_URL BASE_URL "
    "HOSTS PROXIES ACCESS_IP_DAYS ACCESS_DAYS ACCESS_STATIC ACCESS_COUNTRIES "
    "ACCESS_SPAM_HOSTS SMTP_URL MAIL_FROM PASSWORD_MIN PEOPLE_AN_HOUR OPERATOR_NAME "
    "OPERATOR_BIN OPERATOR_ADDRESS OPERATOR_EMAIL OPERATOR_PHONE "
    "OPERATOR_RESPONSIBLE AUTHORISED_BODY"
)
TABLES = (
    "account_block consent_count consent_declarations consent_evidence consent_record "
    "consent_stray consent_wording credential email_change evidence_wording known_device "
    "letter person photo policy_edition processing_event recovery_code retention_run "
    "second_factor security_event sign_in staff_action staff_grant throttle_count token "
    "access_address access_cursor access_import access_latency access_record access_rollup "
    "access_salt access_seen access_sweep access_total act_words chain_key job_beat"
)
"""Names of tables stand in the journal and in the runs of the retention."""
