"""Results of set-up in plain words, by what the radio says."""

GOOD = "joined"
NO_SUCH = "not found"
PASSWORD = "password"
WEAK = "refused"
NO_ADDRESS = "no address"
LOGIN = "login page"
OFFLINE = "offline"
FULL = "not stored"

WORDS = {
    GOOD: "Connected. The seesaw starts now.",
    OFFLINE: "Connected. There is no internet behind this network at the moment.",
    NO_SUCH: "This network was not found. The seesaw sees 2.4 GHz networks only: is it near, and"
    " is its 2.4 GHz band on?",
    PASSWORD: "The password is probably wrong. Show it, compare it, try again.",
    WEAK: "The network refused the seesaw: its signal is too weak, or its security is of another"
    " kind.",
    NO_ADDRESS: "The network let the seesaw in but gave it no address. Restarting the router often"
    " helps.",
    LOGIN: "This network shows a login page, which the seesaw cannot fill in. Ask its operator to"
    " let this MAC address in, or take another network.",
    FULL: "Connected, but the settings could not be stored. Ask the maker for help.",
}
# Reasons of the driver (wifi_err_reason_t): a wrong password often shows as a time-out of the
# handshake (15), seldom as 202.
_PASSWORD = (2, 15, 202, 204, 205)


def of_status(status: int) -> str:
    """status: of WLAN after the attempts are over."""
    if status in _PASSWORD:
        return PASSWORD
    if status == 201:
        return NO_SUCH
    return NO_ADDRESS if status in (1000, 1001, 1010) else WEAK
