; Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Copies one memref to another of the same rank and sizes: what a lowered `memref.copy` calls when a side is strided.
; Both are given as MLIR's unranked descriptors, rank and pointer to the ranked one. They do not overlap. The signature
; is that of MLIR's C runner utilities.
;
; The innermost dimensions that are contiguous on both sides are copied as one block; the dimension outside these is a
; loop, without a call for the sizes that elements usually have; the rest is counted like the digits of an odometer.

%unranked = type { i64, ptr }
; Allocated pointer, aligned pointer, offset in elements; sizes and strides, both in elements, follow.
%ranked = type { ptr, ptr, i64 }

define weak hidden void @memrefCopy(i64 %element, ptr %source, ptr %target) #0 {
entry:
  %rank = load i64, ptr %source
  %source.slot = getelementptr inbounds %unranked, ptr %source, i32 0, i32 1
  %source.ranked = load ptr, ptr %source.slot
  %source.aligned.slot = getelementptr inbounds %ranked, ptr %source.ranked, i32 0, i32 1
  %source.aligned = load ptr, ptr %source.aligned.slot
  %source.offset.slot = getelementptr inbounds %ranked, ptr %source.ranked, i32 0, i32 2
  %source.offset = load i64, ptr %source.offset.slot
  %source.skip = mul i64 %source.offset, %element
  %source.first = getelementptr i8, ptr %source.aligned, i64 %source.skip
  %sizes = getelementptr inbounds %ranked, ptr %source.ranked, i64 1
  %source.strides = getelementptr inbounds i64, ptr %sizes, i64 %rank

  %target.slot = getelementptr inbounds %unranked, ptr %target, i32 0, i32 1
  %target.ranked = load ptr, ptr %target.slot
  %target.aligned.slot = getelementptr inbounds %ranked, ptr %target.ranked, i32 0, i32 1
  %target.aligned = load ptr, ptr %target.aligned.slot
  %target.offset.slot = getelementptr inbounds %ranked, ptr %target.ranked, i32 0, i32 2
  %target.offset = load i64, ptr %target.offset.slot
  %target.skip = mul i64 %target.offset, %element
  %target.first = getelementptr i8, ptr %target.aligned, i64 %target.skip
  %target.sizes = getelementptr inbounds %ranked, ptr %target.ranked, i64 1
  %target.strides = getelementptr inbounds i64, ptr %target.sizes, i64 %rank

  %digits = alloca i64, i64 %rank
  br label %scan

; Without elements there is nothing to copy, and the strides mean nothing.
scan:
  %scan.axis = phi i64 [ 0, %entry ], [ %scan.next, %scan.step ]
  %scan.done = icmp eq i64 %scan.axis, %rank
  br i1 %scan.done, label %merge, label %scan.step

scan.step:
  %scan.slot = getelementptr inbounds i64, ptr %sizes, i64 %scan.axis
  %scan.size = load i64, ptr %scan.slot
  %scan.next = add i64 %scan.axis, 1
  %scan.empty = icmp eq i64 %scan.size, 0
  br i1 %scan.empty, label %done, label %scan

; `block` bytes are contiguous from dimension `axes` on.
merge:
  %axes = phi i64 [ %rank, %scan ], [ %axis, %merge.grow ]
  %block = phi i64 [ %element, %scan ], [ %merge.block, %merge.grow ]
  %merge.done = icmp eq i64 %axes, 0
  br i1 %merge.done, label %whole, label %merge.step

merge.step:
  %axis = sub i64 %axes, 1
  %size.slot = getelementptr inbounds i64, ptr %sizes, i64 %axis
  %size = load i64, ptr %size.slot
  %source.stride.slot = getelementptr inbounds i64, ptr %source.strides, i64 %axis
  %source.stride = load i64, ptr %source.stride.slot
  %source.step = mul i64 %source.stride, %element
  %target.stride.slot = getelementptr inbounds i64, ptr %target.strides, i64 %axis
  %target.stride = load i64, ptr %target.stride.slot
  %target.step = mul i64 %target.stride, %element
  %source.dense = icmp eq i64 %source.step, %block
  %target.dense = icmp eq i64 %target.step, %block
  %dense = and i1 %source.dense, %target.dense
  %single = icmp eq i64 %size, 1
  %grows = or i1 %dense, %single
  br i1 %grows, label %merge.grow, label %clear

merge.grow:
  %merge.block = mul i64 %block, %size
  br label %merge

whole:
  call void @llvm.memcpy.p0.p0.i64(ptr %target.first, ptr %source.first, i64 %block, i1 false)
  br label %done

; `axis` is now the dimension of the loop, and `digits` count those outside it.
clear:
  %clear.axis = phi i64 [ 0, %merge.step ], [ %clear.next, %clear.step ]
  %clear.done = icmp eq i64 %clear.axis, %axis
  br i1 %clear.done, label %row, label %clear.step

clear.step:
  %clear.slot = getelementptr inbounds i64, ptr %digits, i64 %clear.axis
  store i64 0, ptr %clear.slot
  %clear.next = add i64 %clear.axis, 1
  br label %clear

row:
  %row.source = phi ptr [ %source.first, %clear ], [ %carry.source.next, %carry.step ]
  %row.target = phi ptr [ %target.first, %clear ], [ %carry.target.next, %carry.step ]
  switch i64 %block, label %copy [
    i64 1, label %copy1
    i64 2, label %copy2
    i64 4, label %copy4
    i64 8, label %copy8
  ]

copy:
  %count = phi i64 [ 0, %row ], [ %count.next, %copy ]
  %source.at = phi ptr [ %row.source, %row ], [ %source.after, %copy ]
  %target.at = phi ptr [ %row.target, %row ], [ %target.after, %copy ]
  call void @llvm.memcpy.p0.p0.i64(ptr %target.at, ptr %source.at, i64 %block, i1 false)
  %count.next = add i64 %count, 1
  %source.after = getelementptr i8, ptr %source.at, i64 %source.step
  %target.after = getelementptr i8, ptr %target.at, i64 %target.step
  %copied = icmp eq i64 %count.next, %size
  br i1 %copied, label %carry, label %copy

copy1:
  %count1 = phi i64 [ 0, %row ], [ %count1.next, %copy1 ]
  %source1 = phi ptr [ %row.source, %row ], [ %source1.next, %copy1 ]
  %target1 = phi ptr [ %row.target, %row ], [ %target1.next, %copy1 ]
  %value1 = load i8, ptr %source1, align 1
  store i8 %value1, ptr %target1, align 1
  %count1.next = add i64 %count1, 1
  %source1.next = getelementptr i8, ptr %source1, i64 %source.step
  %target1.next = getelementptr i8, ptr %target1, i64 %target.step
  %done1 = icmp eq i64 %count1.next, %size
  br i1 %done1, label %carry, label %copy1

copy2:
  %count2 = phi i64 [ 0, %row ], [ %count2.next, %copy2 ]
  %source2 = phi ptr [ %row.source, %row ], [ %source2.next, %copy2 ]
  %target2 = phi ptr [ %row.target, %row ], [ %target2.next, %copy2 ]
  %value2 = load i16, ptr %source2, align 1
  store i16 %value2, ptr %target2, align 1
  %count2.next = add i64 %count2, 1
  %source2.next = getelementptr i8, ptr %source2, i64 %source.step
  %target2.next = getelementptr i8, ptr %target2, i64 %target.step
  %done2 = icmp eq i64 %count2.next, %size
  br i1 %done2, label %carry, label %copy2

copy4:
  %count4 = phi i64 [ 0, %row ], [ %count4.next, %copy4 ]
  %source4 = phi ptr [ %row.source, %row ], [ %source4.next, %copy4 ]
  %target4 = phi ptr [ %row.target, %row ], [ %target4.next, %copy4 ]
  %value4 = load i32, ptr %source4, align 1
  store i32 %value4, ptr %target4, align 1
  %count4.next = add i64 %count4, 1
  %source4.next = getelementptr i8, ptr %source4, i64 %source.step
  %target4.next = getelementptr i8, ptr %target4, i64 %target.step
  %done4 = icmp eq i64 %count4.next, %size
  br i1 %done4, label %carry, label %copy4

copy8:
  %count8 = phi i64 [ 0, %row ], [ %count8.next, %copy8 ]
  %source8 = phi ptr [ %row.source, %row ], [ %source8.next, %copy8 ]
  %target8 = phi ptr [ %row.target, %row ], [ %target8.next, %copy8 ]
  %value8 = load i64, ptr %source8, align 1
  store i64 %value8, ptr %target8, align 1
  %count8.next = add i64 %count8, 1
  %source8.next = getelementptr i8, ptr %source8, i64 %source.step
  %target8.next = getelementptr i8, ptr %target8, i64 %target.step
  %done8 = icmp eq i64 %count8.next, %size
  br i1 %done8, label %carry, label %copy8

; One row is done: step the dimension outside it, and on its overflow the one outside that.
carry:
  %carry.axes = phi i64 [ %axis, %copy ], [ %axis, %copy1 ], [ %axis, %copy2 ], [ %axis, %copy4 ], [ %axis, %copy8 ], [ %carry.axis, %carry.back ]
  %carry.source = phi ptr [ %row.source, %copy ], [ %row.source, %copy1 ], [ %row.source, %copy2 ], [ %row.source, %copy4 ], [ %row.source, %copy8 ], [ %back.source, %carry.back ]
  %carry.target = phi ptr [ %row.target, %copy ], [ %row.target, %copy1 ], [ %row.target, %copy2 ], [ %row.target, %copy4 ], [ %row.target, %copy8 ], [ %back.target, %carry.back ]
  %carry.done = icmp eq i64 %carry.axes, 0
  br i1 %carry.done, label %done, label %carry.step

carry.step:
  %carry.axis = sub i64 %carry.axes, 1
  %carry.size.slot = getelementptr inbounds i64, ptr %sizes, i64 %carry.axis
  %carry.size = load i64, ptr %carry.size.slot
  %carry.source.slot = getelementptr inbounds i64, ptr %source.strides, i64 %carry.axis
  %carry.source.stride = load i64, ptr %carry.source.slot
  %carry.source.step = mul i64 %carry.source.stride, %element
  %carry.source.next = getelementptr i8, ptr %carry.source, i64 %carry.source.step
  %carry.target.slot = getelementptr inbounds i64, ptr %target.strides, i64 %carry.axis
  %carry.target.stride = load i64, ptr %carry.target.slot
  %carry.target.step = mul i64 %carry.target.stride, %element
  %carry.target.next = getelementptr i8, ptr %carry.target, i64 %carry.target.step
  %digit.slot = getelementptr inbounds i64, ptr %digits, i64 %carry.axis
  %digit = load i64, ptr %digit.slot
  %digit.next = add i64 %digit, 1
  store i64 %digit.next, ptr %digit.slot
  %overflows = icmp eq i64 %digit.next, %carry.size
  br i1 %overflows, label %carry.back, label %row

carry.back:
  store i64 0, ptr %digit.slot
  %source.length = mul i64 %carry.source.step, %carry.size
  %source.negative = sub i64 0, %source.length
  %back.source = getelementptr i8, ptr %carry.source.next, i64 %source.negative
  %target.length = mul i64 %carry.target.step, %carry.size
  %target.negative = sub i64 0, %target.length
  %back.target = getelementptr i8, ptr %carry.target.next, i64 %target.negative
  br label %carry

done:
  ret void
}

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; The loops must not be recognised as calls of functions that a freestanding program may lack.
attributes #0 = { nounwind "no-builtins" }
