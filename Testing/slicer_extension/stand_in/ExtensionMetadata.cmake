# Slicer writes the metadata into the description of the extension, which does not take more than one line.
file(WRITE "${CMAKE_BINARY_DIR}/metadata.txt" "")
foreach(name HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${name}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${name} is not set")
  endif()
  file(APPEND "${CMAKE_BINARY_DIR}/metadata.txt" "${name}=${EXTENSION_${name}}\n")
endforeach()
