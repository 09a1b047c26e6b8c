/* A report of the doctor, for people and for programs. */
#ifndef CLI_DOCTOR_PRINT_H
#define CLI_DOCTOR_PRINT_H

#include "doctor/doctor.h"
#include "output.h"

/* What stands around the findings. */
struct doctor_page {
    int64_t execution_id; /* that was asked about; 0: the installation */
    int64_t now_ns;
    bool tried; /* to repair */
    struct repair_note *notes;
    size_t note_count;
};

void doctor_write(const struct report *r, const struct doctor_page *page, const struct output *o,
                  struct buf *out);
/* {"severity", "findings", "repairs"?}; docs/DOCTOR.md has the members. */
enum status doctor_value(const struct report *r, const struct doctor_page *page, struct arena *a,
                         struct value *out, struct error *err) MUST_CHECK;

#endif
