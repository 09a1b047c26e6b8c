# noetl_room(NAME [PURE] SOURCES a.c ... [ROOMS core render ...] [LIBRARIES PkgConfig::X ...])
#
# A folder becomes the static library room_NAME. It can include "NAME/x.h" of itself and of the rooms it
# names, and nothing else: each room's headers are reached through a folder of their own in the build tree
# that holds one link, build/rooms/NAME/NAME -> the folder. An include of a room that was not named does
# not compile.
#
# PURE says that the room does no I/O and reads no clock. Such rooms are listed in the global property
# NOETL_PURE_ROOMS, and tests/purity checks the undefined symbols of their archives.
function(noetl_room name)
  cmake_parse_arguments(ROOM "PURE" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  set(door ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${door})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${door}/${name} SYMBOLIC)

  add_library(room_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(room_${name} PUBLIC ${door})
  foreach(other IN LISTS ROOM_ROOMS)
    target_link_libraries(room_${name} PUBLIC room_${other})
  endforeach()
  target_link_libraries(room_${name} PRIVATE ${ROOM_LIBRARIES})
  set_property(TARGET room_${name} PROPERTY NOETL_NAMED_ROOMS ${ROOM_ROOMS})
  set_property(GLOBAL APPEND PROPERTY NOETL_ROOMS ${name})
  if(ROOM_PURE)
    set_property(GLOBAL APPEND PROPERTY NOETL_PURE_ROOMS room_${name})
  endif()
endfunction()
