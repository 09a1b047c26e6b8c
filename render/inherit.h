/* Several templates: include, import, extends, block, super and self. */
#ifndef RENDER_INHERIT_H
#define RENDER_INHERIT_H

#include "vm.h"

struct thing_block;

/* The context's variable of that name, for blocks and templates that run in it. */
enum status inherit_export(struct vm *vm, struct frame *f, struct value name, struct value v) MUST_CHECK;
/* Adds a template's blocks to the context, below those that are there. */
enum status inherit_add_blocks(struct vm *vm, struct context *context, const struct template *t) MUST_CHECK;
/* Runs the youngest block of the name. `locals`: a map, or absent. */
enum status inherit_block(struct vm *vm, struct frame *f, struct value name, struct value locals,
                          bool required) MUST_CHECK;
/* The text of a block, for self.name() and super(). */
enum status inherit_call_block(struct vm *vm, struct context *context, const struct block_stack *block,
                               struct value *out) MUST_CHECK;
enum status inherit_extends(struct vm *vm, struct frame *f, struct value name) MUST_CHECK;
enum status inherit_run_parent(struct vm *vm, struct frame *f) MUST_CHECK;
/* `flags`: those of the syntax tree. `locals`: the variables around, with context. */
enum status inherit_include(struct vm *vm, struct frame *f, struct value name, struct value locals,
                            int flags) MUST_CHECK;
enum status inherit_import(struct vm *vm, struct frame *f, struct value name, struct value locals, int flags,
                           struct value *out) MUST_CHECK;
enum status inherit_from(struct vm *vm, struct frame *f, struct value module, struct value name,
                         uint32_t offset, struct value *out) MUST_CHECK;
enum status inherit_super(struct vm *vm, struct frame *f, struct value *out) MUST_CHECK;
/* super.super: what stands above a block that stands above. */
enum status inherit_super_of(struct vm *vm, const struct thing_block *block, struct value *out) MUST_CHECK;
enum status inherit_self(struct vm *vm, struct frame *f, struct value *out) MUST_CHECK;

#endif
