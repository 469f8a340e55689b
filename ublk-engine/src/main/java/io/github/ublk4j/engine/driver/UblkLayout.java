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

package io.github.ublk4j.engine.driver;

/**
 * Layouts of the structures in {@code linux/ublk_cmd.h}. Offsets and sizes in bytes.
 */
public final class UblkLayout {

	private UblkLayout() {
	}

	/**
	 * {@code struct ublksrv_ctrl_cmd}: a control command, in the command area of a
	 * 128-byte submission queue entry.
	 */
	public static final class CtrlCmd {

		/** Size of the structure. */
		public static final int SIZE = 32;

		/** {@code __u32 dev_id}. */
		public static final int DEV_ID = 0;

		/** {@code __u16 queue_id}: 0xffff unless the command is for a queue. */
		public static final int QUEUE_ID = 4;

		/** {@code __u16 len}: size of the buffer at addr. */
		public static final int LEN = 6;

		/** {@code __u64 addr}: buffer of the command, in or out. */
		public static final int ADDR = 8;

		/** {@code __u64 data[1]}: inline argument. */
		public static final int DATA = 16;

		/** {@code __u16 dev_path_len}: for unprivileged devices and GET_DEV_INFO2. */
		public static final int DEV_PATH_LEN = 24;

		private CtrlCmd() {
		}

	}

	/**
	 * {@code struct ublksrv_ctrl_dev_info}: what a device is.
	 */
	public static final class DevInfo {

		/** Size of the structure. */
		public static final int SIZE = 64;

		/** {@code __u16 nr_hw_queues}. */
		public static final int NR_HW_QUEUES = 0;

		/** {@code __u16 queue_depth}. */
		public static final int QUEUE_DEPTH = 2;

		/** {@code __u16 state}. */
		public static final int STATE = 4;

		/** {@code __u16 io_desc_size}: 0 before Linux 7.3. */
		public static final int IO_DESC_SIZE = 6;

		/** {@code __u32 max_io_buf_bytes}. */
		public static final int MAX_IO_BUF_BYTES = 8;

		/** {@code __u32 dev_id}. */
		public static final int DEV_ID = 12;

		/** {@code __s32 ublksrv_pid}. */
		public static final int UBLKSRV_PID = 16;

		/** {@code __u64 flags}. */
		public static final int FLAGS = 24;

		/** {@code __u64 ublksrv_flags}: the server's own, not read by the driver. */
		public static final int UBLKSRV_FLAGS = 32;

		/** {@code __u32 owner_uid}. */
		public static final int OWNER_UID = 40;

		/** {@code __u32 owner_gid}. */
		public static final int OWNER_GID = 44;

		private DevInfo() {
		}

	}

	/**
	 * {@code struct ublksrv_io_desc}: one I/O request, written by the driver into the
	 * queue's shared memory.
	 */
	public static final class IoDesc {

		/** Size of the structure. */
		public static final int SIZE = 24;

		/** {@code __u32 op_flags}: operation in bits 0-7, flags in bits 8-31. */
		public static final int OP_FLAGS = 0;

		/** {@code __u32 nr_sectors of 512 bytes}. */
		public static final int NR_SECTORS = 4;

		/** {@code __u64 start_sector of 512 bytes}. */
		public static final int START_SECTOR = 8;

		/** {@code __u64 addr}: the buffer given when the tag was fetched. */
		public static final int ADDR = 16;

		private IoDesc() {
		}

	}

	/**
	 * {@code struct ublksrv_io_cmd}: fetch or commit of one tag, in the command area of a
	 * submission queue entry.
	 */
	public static final class IoCmd {

		/** Size of the structure. */
		public static final int SIZE = 16;

		/** {@code __u16 q_id}. */
		public static final int Q_ID = 0;

		/** {@code __u16 tag}. */
		public static final int TAG = 2;

		/** {@code __s32 result}: bytes or negative error number, for commits. */
		public static final int RESULT = 4;

		/** {@code __u64 addr}: buffer of the tag. */
		public static final int ADDR = 8;

		private IoCmd() {
		}

	}

	/**
	 * {@code struct ublk_auto_buf_reg}: automatic buffer registration, in the addr field
	 * of a submission queue entry.
	 */
	public static final class AutoBufReg {

		/** Size of the structure. */
		public static final int SIZE = 8;

		/** {@code __u16 index}. */
		public static final int INDEX = 0;

		/** {@code __u8 flags}. */
		public static final int FLAGS = 2;

		private AutoBufReg() {
		}

	}

	/**
	 * {@code struct ublk_elem_header}: one element of a batch.
	 */
	public static final class ElemHeader {

		/** Size of the structure. */
		public static final int SIZE = 8;

		/** {@code __u16 tag}. */
		public static final int TAG = 0;

		/** {@code __u16 buf_index}. */
		public static final int BUF_INDEX = 2;

		/** {@code __s32 result}. */
		public static final int RESULT = 4;

		private ElemHeader() {
		}

	}

	/**
	 * {@code struct ublk_batch_io}: a batch command, in the command area of a submission
	 * queue entry.
	 */
	public static final class BatchIo {

		/** Size of the structure. */
		public static final int SIZE = 16;

		/** {@code __u16 q_id}. */
		public static final int Q_ID = 0;

		/** {@code __u16 flags}. */
		public static final int FLAGS = 2;

		/** {@code __u16 nr_elem}. */
		public static final int NR_ELEM = 4;

		/** {@code __u8 elem_bytes}. */
		public static final int ELEM_BYTES = 6;

		private BatchIo() {
		}

	}

	/**
	 * {@code struct ublk_shmem_buf_reg}: registration of shared memory for zero copy.
	 */
	public static final class ShmemBufReg {

		/** Size of the structure. */
		public static final int SIZE = 24;

		/** {@code __u64 addr}. */
		public static final int ADDR = 0;

		/** {@code __u64 len}. */
		public static final int LEN = 8;

		/** {@code __u32 flags}. */
		public static final int FLAGS = 16;

		private ShmemBufReg() {
		}

	}

	/**
	 * {@code struct ublk_params}: the parameters of a device, each group valid if its bit
	 * is set in TYPES.
	 */
	public static final class Params {

		/** Size of the structure. */
		public static final int SIZE = 152;

		/** {@code __u32 len}: size of the structure. */
		public static final int LEN = 0;

		/** {@code __u32 types}: UBLK_PARAM_TYPE_*. */
		public static final int TYPES = 4;

		/** {@code struct ublk_param_basic}. */
		public static final int BASIC = 8;

		/** {@code struct ublk_param_discard}. */
		public static final int DISCARD = 40;

		/** {@code struct ublk_param_devt}. */
		public static final int DEVT = 60;

		/** {@code struct ublk_param_zoned}. */
		public static final int ZONED = 76;

		/** {@code struct ublk_param_dma_align}. */
		public static final int DMA = 108;

		/** {@code struct ublk_param_segment}. */
		public static final int SEG = 120;

		/** {@code struct ublk_param_integrity}. */
		public static final int INTEGRITY = 136;

		private Params() {
		}

	}

	/**
	 * {@code struct ublk_param_basic}: geometry.
	 */
	public static final class ParamBasic {

		/** Size of the structure. */
		public static final int SIZE = 32;

		/** {@code __u32 attrs}: UBLK_ATTR_*. */
		public static final int ATTRS = 0;

		/** {@code __u8 logical_bs_shift}. */
		public static final int LOGICAL_BS_SHIFT = 4;

		/** {@code __u8 physical_bs_shift}. */
		public static final int PHYSICAL_BS_SHIFT = 5;

		/** {@code __u8 io_opt_shift}. */
		public static final int IO_OPT_SHIFT = 6;

		/** {@code __u8 io_min_shift}. */
		public static final int IO_MIN_SHIFT = 7;

		/** {@code __u32 max_sectors of one request}. */
		public static final int MAX_SECTORS = 8;

		/** {@code __u32 chunk_sectors}. */
		public static final int CHUNK_SECTORS = 12;

		/** {@code __u64 dev_sectors}: the capacity. */
		public static final int DEV_SECTORS = 16;

		/** {@code __u64 virt_boundary_mask}. */
		public static final int VIRT_BOUNDARY_MASK = 24;

		private ParamBasic() {
		}

	}

	/**
	 * {@code struct ublk_param_discard}: discard and write zeroes.
	 */
	public static final class ParamDiscard {

		/** Size of the structure. */
		public static final int SIZE = 20;

		/** {@code __u32 discard_alignment in bytes}. */
		public static final int DISCARD_ALIGNMENT = 0;

		/** {@code __u32 discard_granularity in bytes}. */
		public static final int DISCARD_GRANULARITY = 4;

		/** {@code __u32 max_discard_sectors}. */
		public static final int MAX_DISCARD_SECTORS = 8;

		/** {@code __u32 max_write_zeroes_sectors}. */
		public static final int MAX_WRITE_ZEROES_SECTORS = 12;

		/** {@code __u16 max_discard_segments}. */
		public static final int MAX_DISCARD_SEGMENTS = 16;

		private ParamDiscard() {
		}

	}

	/**
	 * {@code struct ublk_param_devt}: device numbers, read-only.
	 */
	public static final class ParamDevt {

		/** Size of the structure. */
		public static final int SIZE = 16;

		/** {@code __u32 char_major}. */
		public static final int CHAR_MAJOR = 0;

		/** {@code __u32 char_minor}. */
		public static final int CHAR_MINOR = 4;

		/** {@code __u32 disk_major}. */
		public static final int DISK_MAJOR = 8;

		/** {@code __u32 disk_minor}. */
		public static final int DISK_MINOR = 12;

		private ParamDevt() {
		}

	}

	/**
	 * {@code struct ublk_param_zoned}: zones.
	 */
	public static final class ParamZoned {

		/** Size of the structure. */
		public static final int SIZE = 32;

		/** {@code __u32 max_open_zones}. */
		public static final int MAX_OPEN_ZONES = 0;

		/** {@code __u32 max_active_zones}. */
		public static final int MAX_ACTIVE_ZONES = 4;

		/** {@code __u32 max_zone_append_sectors}. */
		public static final int MAX_ZONE_APPEND_SECTORS = 8;

		private ParamZoned() {
		}

	}

	/**
	 * {@code struct ublk_param_dma_align}: alignment of request memory.
	 */
	public static final class ParamDmaAlign {

		/** Size of the structure. */
		public static final int SIZE = 8;

		/** {@code __u32 alignment}: a mask. */
		public static final int ALIGNMENT = 0;

		private ParamDmaAlign() {
		}

	}

	/**
	 * {@code struct ublk_param_segment}: segments of request memory.
	 */
	public static final class ParamSegment {

		/** Size of the structure. */
		public static final int SIZE = 16;

		/** {@code __u64 seg_boundary_mask}. */
		public static final int SEG_BOUNDARY_MASK = 0;

		/** {@code __u32 max_segment_size}. */
		public static final int MAX_SEGMENT_SIZE = 8;

		/** {@code __u16 max_segments}. */
		public static final int MAX_SEGMENTS = 12;

		private ParamSegment() {
		}

	}

	/**
	 * {@code struct ublk_param_integrity}: protection information.
	 */
	public static final class ParamIntegrity {

		/** Size of the structure. */
		public static final int SIZE = 16;

		/** {@code __u32 flags}. */
		public static final int FLAGS = 0;

		/** {@code __u16 max_integrity_segments}. */
		public static final int MAX_INTEGRITY_SEGMENTS = 4;

		/** {@code __u8 interval_exp}. */
		public static final int INTERVAL_EXP = 6;

		/** {@code __u8 metadata_size}. */
		public static final int METADATA_SIZE = 7;

		/** {@code __u8 pi_offset}. */
		public static final int PI_OFFSET = 8;

		/** {@code __u8 csum_type}. */
		public static final int CSUM_TYPE = 9;

		/** {@code __u8 tag_size}. */
		public static final int TAG_SIZE = 10;

		private ParamIntegrity() {
		}

	}

}
