/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Whether this Java process can make Linux system calls at all. Everything else in this
 * package may be used only when {@link #unsupportedReason()} is {@code null}.
 */
public final class LinuxPlatform {

	/** The size of a memory page in bytes, on the supported processors. */
	public static final int PAGE_SIZE = 4096;

	private LinuxPlatform() {
	}

	/**
	 * Returns whether this process may administer the system ({@code CAP_SYS_ADMIN}).
	 * @return whether the capability is effective; assumed if that cannot be seen
	 */
	public static boolean isAdministrator() {
		Set<Capability> held = Capability.effective(KernelFiles.lines(Path.of("/proc/self/status")));
		return held == null || held.contains(Capability.CAP_SYS_ADMIN);
	}

	/**
	 * Returns whether the operating system is Linux.
	 * @return whether it is
	 */
	public static boolean isLinux() {
		return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux");
	}

	/**
	 * Returns why native calls are impossible on this Linux.
	 * @return a sentence, or {@code null} if they work
	 */
	public static @Nullable String unsupportedReason() {
		String arch = System.getProperty("os.arch", "");
		if (!arch.equals("amd64") && !arch.equals("aarch64")) {
			return "The processor architecture '" + arch + "' is not supported; amd64 and aarch64 are.";
		}
		try {
			int pageSize = Libc.getpagesize();
			return (pageSize == PAGE_SIZE) ? null : "The kernel's memory pages have " + pageSize
					+ " bytes; only kernels with pages of " + PAGE_SIZE + " bytes are supported.";
		}
		catch (LinkageError ex) {
			return "JNA could not bind the C library: " + ex.getMessage();
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		// how JNA refuses another version's native library
		catch (Error ex) {
			return "JNA could not be loaded: " + ex.getMessage();
		}
	}

	/**
	 * Returns how the system calls are made that serve requests.
	 * @return what makes them, for people
	 */
	public static String requestPath() {
		return RequestPathCalls.means();
	}

	/**
	 * Returns how much memory can be taken without swapping.
	 * @return bytes; {@link Long#MAX_VALUE} if the system does not say
	 */
	public static long availableMemory() {
		try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
			return lines.filter((line) -> line.startsWith("MemAvailable:"))
				.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
				.findFirst()
				.orElse(Long.MAX_VALUE);
		}
		catch (IOException ex) {
			return Long.MAX_VALUE;
		}
	}

	/**
	 * Returns where a direct buffer lies. The buffer must stay reachable while the
	 * address is in use.
	 * @param buffer a direct buffer
	 * @return the address of its first byte, whatever its position
	 */
	public static long addressOf(ByteBuffer buffer) {
		return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
	}

}
