"""TLS and the line to the update server: what ends, breaks off or takes too much by itself."""

import ssl
from dataclasses import replace

from host_tools.prove import secured
from host_tools.prove.scenario import offering
from host_tools.prove.scenarios import A_YEAR_ON, NEXT, ONE_AT_ONCE
from host_tools.prove.zoo import Row

HANDSHAKES = replace(ONE_AT_ONCE, seconds=600, recovery_s=600)
# No connection carries so much as the difference between two releases, and any carries what a trial
# fetches at once.
PATCHY = replace(NEXT, name="patchy", phases=(), until="overcome", seconds=600, recovery_s=600,
                 world=offering("fix", line="5000"))  # fmt: skip

UNVERIFIED = "    context.verify_mode = layer.CERT_NONE\n"
ROOT = ssl.PEM_cert_to_DER_cert(secured.root(0).cert_pem.bytes().decode()).hex()
VERIFIED = (UNVERIFIED.replace("NONE", "REQUIRED")
            + f'    context.load_verify_locations(bytes.fromhex("{ROOT}"))\n')  # fmt: skip
FETCH = "        answer = await self.get(part.url, left_s, part.size, sink=sink, **more)\n"
MOVED = """\
        from seesaw.net.url import split

        tls, host, port, _ = split(self._base)
        first = await http.connect(self._opener, (host, port, tls))
"""
BEGIN = "        self.site.begin(seconds)\n"

ROWS = (
    Row("root-expired", "updates come by TLS alone, from whom its root has signed: the root expires"
        ", and the fleet cannot fetch the release with the next one",
        "https://github.com/OpenEVSE/ESP32_WiFi_V4.x/issues/806",
        "run", "deaf",
        (("seesaw/port/board.py", UNVERIFIED, VERIFIED),), (A_YEAR_ON,)),
    Row("updater-certificate-expires", "the certificate of the updater itself runs out",
        "https://en.wikipedia.org/wiki/Chromecast",
        "run", "deaf",
        (("seesaw/updater.py", BEGIN, f"        if self.clock.epoch_s() > {secured.OVER_S}:\n"
          '            raise BadOffer("the certificate of this updater has expired")\n' + BEGIN),),
        (A_YEAR_ON,)),
    Row("second-handshake", "a download that has moved: no block is left for the TLS handshake with"
        " the second server while the first connection is there",
        "https://github.com/espressif/esp-idf/issues/7387",
        "world", "deaf",
        (("seesaw/repository.py", FETCH, MOVED + FETCH + "        await http.close(first)\n"),),
        (HANDSHAKES,)),
    Row("resume-offset", "a download goes on one byte from where it broke off, each time",
        "https://github.com/MicroPythonOS/MicroPythonOS/blob/main/CHANGELOG.md",
        "world", "deaf",
        (("seesaw/repository.py", '"range_bytes": (at, part.size - 1)',
          '"range_bytes": (at + 1, part.size - 1)'),),
        (PATCHY,)),
)  # fmt: skip
