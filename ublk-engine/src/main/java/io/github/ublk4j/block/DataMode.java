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

package io.github.ublk4j.block;

/**
 * How the data of requests gets from the kernel to the disk and back.
 */
public enum DataMode {

	/**
	 * The engine chooses: {@link #ZERO_COPY} for a disk that
	 * {@linkplain BlockDeviceHandler#transfersOnly() only transfers}, where the kernel
	 * has it, else {@link #USER_COPY}.
	 */
	AUTO,

	/**
	 * The kernel copies between the request and a buffer that belongs to the tag. All
	 * buffers are allocated when the device starts: queues x depth x largest request.
	 */
	COPY,

	/**
	 * The engine copies between the request and a buffer from a pool, when the disk asks
	 * for the buffer. An idle device holds next to no memory. Needs CAP_SYS_ADMIN.
	 */
	USER_COPY,

	/**
	 * The pages of the request are themselves the buffer of a transfer to or from a file;
	 * nobody copies them. A disk that asks for a buffer gets one as in
	 * {@link #USER_COPY}. Needs Linux 6.15 and CAP_SYS_ADMIN.
	 */
	ZERO_COPY

}
