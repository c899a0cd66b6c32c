# Freezes launcher and application into a runtime of your own. In ports/esp32 of MicroPython:
#     make BOARD=ESP32_GENERIC_S3 BOARD_VARIANT=SPIRAM_OCT FROZEN_MANIFEST=<this file>
# A slot's bundle still comes first: what is frozen is there when a bundle lacks it.
include("$(PORT_DIR)/boards/manifest.py")
freeze("../../firmware/launcher", "main.py", opt=3)
package("seesaw", base_path="../../firmware", opt=3)
