"""Runs the drawn vectors on Unicorn: one file of results for each file of cases that `make-vectors cases` has written.

Words are of 32 bits, least significant byte first.
A case is 53 words: instructions to run, pc, apsr, it, fpscr, 1 to clear the exclusive monitor first, r0 to r14, s0 to s31.
A result is 55 words: ending (0 done, 1 undefined, ... as in `outcome.rs`; 99 another exception), pc, apsr, it, masks, psp,
fpscr, r0 to r14, s0 to s31, and how many words follow: of each changed byte of the window, offset * 256 + value.
"""

import os
import pathlib
import struct
import sys

os.environ["UC_IGNORE_REG_BREAK"] = "1"

from unicorn import (
    UC_ARCH_ARM,
    UC_ERR_FETCH_PROT,
    UC_ERR_FETCH_UNMAPPED,
    UC_ERR_INSN_INVALID,
    UC_ERR_READ_UNALIGNED,
    UC_ERR_READ_UNMAPPED,
    UC_ERR_WRITE_PROT,
    UC_ERR_WRITE_UNALIGNED,
    UC_ERR_WRITE_UNMAPPED,
    UC_HOOK_INTR,
    UC_MODE_THUMB,
    UC_PROT_EXEC,
    UC_PROT_READ,
    Uc,
    UcError,
)
from unicorn import arm_const as arm

CPUS = {
    "v6-m": arm.UC_CPU_ARM_CORTEX_M0,
    "v7-m": arm.UC_CPU_ARM_CORTEX_M3,
    "v7e-m": arm.UC_CPU_ARM_CORTEX_M4,
    "v8-m": arm.UC_CPU_ARM_CORTEX_M33,
}
WINDOW, PSP, CLEAR = 0x2000_0000, 0x2000_0080, 0x900
R = [getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)] + [arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR]
S = [getattr(arm, f"UC_ARM_REG_S{n}") for n in range(32)]
CPSR, PC, FPSCR = arm.UC_ARM_REG_CPSR, arm.UC_ARM_REG_PC, arm.UC_ARM_REG_FPSCR
CASE, RESULT = struct.Struct("<53I"), struct.Struct("<55I")
DONE, UNDEFINED, NO_COPROCESSOR, UNALIGNED, BUS, INVALID_STATE, SUPERVISOR_CALL, BREAKPOINT, OTHER = *range(8), 99
# QEMU's numbers of exceptions, `target/arm/cpu.h`: EXCP_UDEF, EXCP_SWI, EXCP_DATA_ABORT, EXCP_BKPT, EXCP_NOCP,
# EXCP_INVSTATE, EXCP_UNALIGNED. Without unmapped memory, an abort of data is one of alignment.
EXCEPTIONS = {
    1: UNDEFINED,
    2: SUPERVISOR_CALL,
    4: UNALIGNED,
    7: BREAKPOINT,
    17: NO_COPROCESSOR,
    18: INVALID_STATE,
    22: UNALIGNED,
}
# EXCP_PREFETCH_ABORT and EXCP_EXCEPTION_EXIT are of the next instruction, which is not run.
NEXT = (3, 8)
BUS_ERRORS = (UC_ERR_READ_UNMAPPED, UC_ERR_WRITE_UNMAPPED, UC_ERR_WRITE_PROT)
FETCH_ERRORS = (UC_ERR_FETCH_UNMAPPED, UC_ERR_FETCH_PROT)


class Machine:
    """A core of one architecture, code memory and the window."""

    def __init__(self, name, code, window):
        self.fp = name in ("v7e-m", "v8-m")
        self.main = name != "v6-m"
        self.secure = name == "v8-m"
        self.window = window
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB, CPUS[name])
        self.uc.mem_map(0, len(code), UC_PROT_READ | UC_PROT_EXEC)
        self.uc.mem_map(WINDOW, len(window))
        self.uc.mem_write(0, code)
        self.uc.mem_write(WINDOW, window)
        self.uc.hook_add(UC_HOOK_INTR, self.exception)
        self.mode = self.uc.reg_read(CPSR) & 0x1DF | 0x20
        self.masks = [arm.UC_ARM_REG_PRIMASK]
        if self.main:
            self.masks += [arm.UC_ARM_REG_FAULTMASK, arm.UC_ARM_REG_BASEPRI]
        self.out = R + [PC, CPSR, arm.UC_ARM_REG_PSP] + self.masks + ([FPSCR] + S if self.fp else [])
        self.ending = DONE

    def exception(self, uc, number, _):
        if number not in NEXT:
            self.ending = EXCEPTIONS.get(number, OTHER)
        uc.emu_stop()

    def step(self, pc):
        """One instruction. Within an IT block Unicorn does not count, so that the end is told by its address as well."""
        wide = self.uc.mem_read(pc, 2)[1] >= 0xE8
        try:
            self.uc.emu_start(pc | 1, pc + (4 if wide else 2), 0, 1)
        except UcError as error:
            at = self.uc.reg_read(PC)
            if error.errno in FETCH_ERRORS or error.errno == UC_ERR_INSN_INVALID and at != pc:
                return  # of the next instruction, which is not run
            if self.ending == DONE:
                self.ending = {UC_ERR_INSN_INVALID: UNDEFINED}.get(
                    error.errno, BUS if error.errno in BUS_ERRORS else UNALIGNED
                )
            if error.errno not in (UC_ERR_INSN_INVALID, UC_ERR_READ_UNALIGNED, UC_ERR_WRITE_UNALIGNED, *BUS_ERRORS):
                self.ending = OTHER

    def run(self, case):
        steps, pc, apsr, it, fpscr, clear = case[:6]
        uc = self.uc
        cpsr = self.mode | apsr | it >> 2 << 10 | (it & 3) << 25
        names = R + [CPSR, arm.UC_ARM_REG_PSP] + self.masks
        values = [*case[6:21], cpsr, PSP] + [0] * len(self.masks)
        if self.fp:
            # FPCA and, of a secure core, SFPA: without them, a floating-point instruction begins with the default FPSCR.
            names, values = names + [arm.UC_ARM_REG_CONTROL], values + [12 if self.secure else 4]
            names = [FPSCR] + S + names
            values = [fpscr, *case[21:53]] + values
        if clear and self.main:
            uc.reg_write(CPSR, self.mode)
            uc.emu_start(CLEAR | 1, 0xFFFF_FFFE, 0, 1)
        uc.reg_write_batch(list(zip(names, values)))
        self.ending = DONE
        uc.ctl_remove_cache(pc, pc + 16)
        end, at = pc + 4 * steps, pc
        for _ in range(steps):
            self.step(at)
            at = uc.reg_read(PC)
            if self.ending != DONE or not pc <= at < end:
                break
        state = uc.reg_read_batch(self.out)
        flags = state[16]
        if self.ending == DONE and flags & 0x20 == 0:
            self.ending = INVALID_STATE
        masks = state[18] & 1
        if self.main:
            masks |= (state[19] & 1) << 1 | (state[20] & 0xFF) << 8
        fp = state[18 + len(self.masks) :] if self.fp else [0] * 33
        stored = []
        now = bytes(uc.mem_read(WINDOW, len(self.window)))
        if now != self.window:
            stored = [n << 8 | b for n, (a, b) in enumerate(zip(self.window, now)) if a != b]
            uc.mem_write(WINDOW, self.window)
        block = flags >> 10 << 2 & 0xFC | flags >> 25 & 3
        head = [self.ending, state[15] & ~1, flags & 0xF80F_0000, block, masks, state[17], fp[0]]
        return RESULT.pack(*head, *state[:15], *fp[1:], len(stored)) + struct.pack(f"<{len(stored)}I", *stored)


def main(folder):
    folder = pathlib.Path(folder)
    for name in CPUS:
        machine = Machine(name, (folder / f"{name}.code").read_bytes(), (folder / f"{name}.window").read_bytes())
        with open(folder / f"{name}.unicorn", "wb") as out:
            for case in CASE.iter_unpack((folder / f"{name}.cases").read_bytes()):
                out.write(machine.run(case))
        print(name)


if __name__ == "__main__":
    main(sys.argv[1])
